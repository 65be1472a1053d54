import { logout } from 'quash';
import 'quash/element';

const show = (report) => (document.querySelector('output').value = JSON.stringify(report));

document.addEventListener('quash:logout', ({ detail }) => show(detail));
document.querySelector('#call').addEventListener('click', async () => {
  show(await logout({ token: { localStorage: 'token' }, wipe: 'everything' }));
});
