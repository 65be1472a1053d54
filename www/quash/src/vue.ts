import { type ComputedRef, type MaybeRefOrGetter, computed, getCurrentScope, onScopeDispose, shallowRef, toValue } from 'vue';

import { createLogout, type CreateLogoutOptions, type LogoutState, type LogoutStore } from './create-logout.js';
import type { LogoutReport } from './report.js';

export type { CreateLogoutOptions, LogoutState } from './create-logout.js';

export interface UseLogout extends Pick<LogoutStore, 'logout' | 'prepare'> {
  readonly state: ComputedRef<LogoutState>;
  /** Of the last logout that has ended. */
  readonly report: ComputedRef<LogoutReport | undefined>;
}

/**
 * A logout, and how far it is. Options that are a ref or a getter are read when they are needed.
 *
 * ```vue
 * <script setup>
 * const { logout, state } = useLogout({ token: { localStorage: 'token' }, wipe: 'everything' });
 * </script>
 * <template><button :disabled="state === 'busy'" @click="logout">Log out</button></template>
 * ```
 */
export function useLogout(options: MaybeRefOrGetter<CreateLogoutOptions> = {}): UseLogout {
  const { subscribe, current, logout, prepare } = createLogout(() => toValue(options));
  const progress = shallowRef(current());
  const stop = subscribe((next) => (progress.value = next));
  if (getCurrentScope()) onScopeDispose(stop);
  return { logout, prepare, state: computed(() => progress.value.state), report: computed(() => progress.value.report) };
}
