/** WebKitGTK's MiniBrowser, under an X server of its own. */
import type { Engine, Profile } from './engine.ts';
import { limited } from './patience.ts';
import { startProgram } from './program.ts';
import { WebKitProfile } from './webkit-profile.ts';
import { startSession } from './webkit-session.ts';
import type { Session } from './webkit-session.ts';

/** The driver takes one session at a time, hence each profile has a driver and a browser: its data live as long as they do. */
export async function startWebKit(): Promise<Engine> {
  const screen = ['-screen', '0', '1280x1024x24', '-nolisten', 'tcp'];
  // It chooses a display that is free. `-noreset`: else it starts anew when the last window closes, and refuses the next one.
  const xvfb = startProgram('Xvfb', ['-displayfd', '3', '-noreset', ...screen]);
  const sessions = new Set<Session>();
  const start = async (): Promise<Session> => {
    const display = await limited('Xvfb', Promise.race([xvfb.line, xvfb.ended]));
    const session = await startSession(`:${display}`);
    sessions.add(session);
    return session;
  };
  const close = async (): Promise<void> => {
    await Promise.all([...sessions].map((session) => session.close()));
    await xvfb.stop();
  };

  try {
    // Only a session tells the version, and that the engine starts at all. The first profile takes it.
    let spare: Session | undefined = await start();
    const { version } = spare;
    const newProfile = async (): Promise<Profile> => {
      const taken = spare;
      spare = undefined;
      return new WebKitProfile(taken ?? (await start()));
    };
    return { name: 'webkit', version, newProfile, close };
  } catch (error) {
    await close();
    throw error;
  }
}
