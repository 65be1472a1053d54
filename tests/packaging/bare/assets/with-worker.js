import { logout } from 'quash';

await navigator.serviceWorker.register('/worker.js');
await navigator.serviceWorker.ready;
await caches.open('api');

document.querySelector('#call').addEventListener('click', async () => {
  const here = { cookies: 'everything', localStorage: 'everything', sessionStorage: 'everything' };
  const report = await logout({ token: { localStorage: 'token' }, ...here, serviceWorker: true });
  document.querySelector('output').value = JSON.stringify({ ...report, caches: await caches.keys() });
});
