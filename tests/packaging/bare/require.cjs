// Node.js gives ES modules to `require()` since 22.12.
const { logout } = require('quash');
const { QuashLogoutElement } = require('quash/element');

console.log(typeof logout, typeof QuashLogoutElement);
