import App from './App.svelte';

export const render = () => App.render().html;
