// React's types know no custom elements but those that they are told of.
import type { QuashLogoutElement } from 'quash/element';
import type { DetailedHTMLProps, HTMLAttributes } from 'react';

type ElementProps = DetailedHTMLProps<HTMLAttributes<QuashLogoutElement>, QuashLogoutElement>;

declare module 'react' {
  namespace JSX {
    interface IntrinsicElements {
      'quash-logout': ElementProps & { token?: string; wipe?: string };
    }
  }
}
