/** The demo's story, told over HTTP. */
import { Visitor } from './visitor.ts';
import type { Reply } from './visitor.ts';

/** One request of the story. */
export interface Scene {
  readonly title: string;
  readonly request: string;
  /** Status, and the word that matters: a code, an outcome, a name. */
  readonly expected: string;
  readonly came: string;
  readonly remark: string;
}

const NAME = 'Ada';

/** Plays the story against `origin`, scene by scene. What follows a scene that went wrong makes no sense any more. */
export async function* play(origin: string): AsyncGenerator<Scene> {
  const page = new Visitor(origin);
  const thief = new Visitor(origin);

  const login = await page.send('POST', '/login', { form: { name: NAME } });
  yield scene('Log in', 'POST /login', `200 ${NAME}`, came(login, 'name'), 'the bank hands out a token');
  const token = String(login.body['token']);

  const before = await page.send('GET', '/api/me');
  yield scene('The page asks for the account', 'GET /api/me', `200 ${NAME}`, came(before, 'name'), 'with its cookie');

  const stolen = await thief.send('GET', '/api/me', { bearer: token });
  yield scene('A thief replays a copy', 'GET /api/me', `200 ${NAME}`, came(stolen, 'name'), 'with the token alone');

  const logout = await page.send('POST', '/auth/logout');
  const loggedOutAt = performance.now();
  yield scene('Log out', 'POST /auth/logout', '200 revoked', came(logout, 'outcome'), 'acknowledged, so durable');

  const after = await page.send('GET', '/api/me');
  yield scene('The page asks again', 'GET /api/me', '401 token_missing', came(after, 'code'), 'its cookies are gone');

  const replay = await thief.send('GET', '/api/me', { bearer: token });
  const late = `${Math.round(performance.now() - loggedOutAt)} ms after the logout`;
  yield scene('The thief tries again', 'GET /api/me', '401 token_revoked', came(replay, 'code'), late);
}

function scene(title: string, request: string, expected: string, came: string, remark: string): Scene {
  return { title, request, expected, came, remark };
}

/** An error has no `name`, a success no `code`: then the other one tells more. */
function came({ status, body }: Reply, word: string): string {
  return `${status} ${body[word] ?? body['code'] ?? body['name'] ?? ''}`.trimEnd();
}
