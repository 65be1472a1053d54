// The Worker of the package, as it is.
export { default, Endpoints, Ledger } from 'quash/worker';
