// webpack's own command is another package; what it does with a configuration is this.
import webpack from 'webpack';

webpack(
  {
    mode: 'production',
    entry: './assets/main.js',
    output: { path: new URL('dist/assets', import.meta.url).pathname, filename: 'main.js' },
  },
  (error, stats) => {
    console.log(error ?? stats.toString());
    process.exitCode = error || stats.hasErrors() || stats.hasWarnings() ? 1 : 0;
  },
);
