// The Worker of the package, as it is.
export { default, Ledger } from 'quash/worker';
