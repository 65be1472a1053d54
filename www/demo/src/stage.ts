/** Where the story stands, and what of the page belongs there. `elsewhere`: another tab has logged out. */
export type Stage = 'signed-out' | 'signed-in' | 'logged-out' | 'elsewhere';

/** Shows what is marked `data-when` with this stage and hides what is marked with others. */
export function enter(stage: Stage): void {
  document.documentElement.dataset['stage'] = stage;
  for (const element of document.querySelectorAll<HTMLElement>('[data-when]')) {
    element.hidden = !element.dataset['when']?.split(' ').includes(stage);
  }
}

/** Marks the step of the story that comes next; those before it are done. */
export function step(current: number): void {
  for (const [index, item] of document.querySelectorAll<HTMLElement>('.steps li').entries()) {
    item.classList.toggle('done', index + 1 < current);
    if (index + 1 === current) item.setAttribute('aria-current', 'step');
    else item.removeAttribute('aria-current');
  }
}
