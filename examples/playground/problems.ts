// What went wrong, each with what can be done about it.
import { find, make } from '../shared/page.ts';

/** What a problem is about; a new one takes the place of the one before. */
export type Subject = 'run' | 'lab' | 'picture' | 'file' | 'read' | 'points' | 'address';

const shown = new Map<Subject, HTMLElement>();

/** Shows a problem until it is settled or dismissed. */
export function complain(
  subject: Subject,
  text: string,
  remedy?: { readonly text: string; readonly act: () => void },
): void {
  const close = make('button', '', 'Dismiss');
  close.type = 'button';
  close.addEventListener('click', () => settle(subject));
  const buttons: Node[] = [close];
  if (remedy) {
    const button = make('button', 'primary', remedy.text);
    button.type = 'button';
    button.addEventListener('click', () => {
      settle(subject);
      remedy.act();
    });
    buttons.unshift(button);
  }
  const box = make('div', 'problem', make('p', '', text), make('p', 'actions', ...buttons));
  box.dataset.subject = subject;
  shown.get(subject)?.remove();
  shown.set(subject, box);
  find('problems', HTMLElement).append(box);
}

/** These problems are over. */
export function settle(...subjects: readonly Subject[]): void {
  for (const subject of subjects) {
    shown.get(subject)?.remove();
    shown.delete(subject);
  }
}
