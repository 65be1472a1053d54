// A service worker of an application's, for esbuild: workers know no import maps.
import { handleLogout } from 'quash/service-worker';

handleLogout(() => caches.delete('api'));
