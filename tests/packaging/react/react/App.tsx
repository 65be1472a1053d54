import 'quash/element';
import { useLogout } from 'quash/react';
import { useEffect, useState } from 'react';

export function App() {
  const { logout, state, report } = useLogout({ token: { localStorage: 'token' }, wipe: 'everything' });
  const [ofElement, setOfElement] = useState('');
  useEffect(() => {
    const show = ({ detail }: DocumentEventMap['quash:logout']) => setOfElement(JSON.stringify(detail));
    document.addEventListener('quash:logout', show);
    return () => document.removeEventListener('quash:logout', show);
  }, []);
  return (
    <>
      <button id="call" data-state={state} disabled={state === 'busy'} onClick={logout}>
        Log out
      </button>
      <quash-logout token="localStorage:token" wipe="everything">
        <button id="own">Log out</button>
      </quash-logout>
      <output>{report ? JSON.stringify(report) : ofElement}</output>
    </>
  );
}
