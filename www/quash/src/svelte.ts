/** `quash/svelte`: a store needs nothing of Svelte, whatever its version. */
export {
  createLogout,
  type CreateLogoutOptions,
  type LogoutProgress,
  type LogoutState,
  type LogoutStore,
} from './create-logout.js';
