// The epochs of a training: which one is shown, and playing them again.
import { grouped } from '../shared/numbers.ts';
import { find, setText } from '../shared/page.ts';

/** Milliseconds that a replay takes about, however many epochs there are, and between two pictures of it. */
const [REPLAY, FRAME] = [6000, 60];
/** Of a training up to so many epochs the whole way is shown from the start. */
const WHOLE = 400;

/** @param last the latest epoch. @param onChange another epoch is shown. @param isStill nothing may move. */
export function prepareTimeline(last: () => number, onChange: () => void, isStill: () => boolean) {
  const range = find('epoch', HTMLInputElement);
  const play = find('play', HTMLButtonElement);
  let isFollowing = true;
  let timer: ReturnType<typeof setInterval> | undefined;

  function stop(): void {
    clearInterval(timer);
    timer = undefined;
  }

  range.addEventListener('input', () => {
    stop();
    isFollowing = range.valueAsNumber >= last();
    onChange();
  });
  play.addEventListener('click', () => {
    if (timer !== undefined) {
      stop();
      onChange();
      return;
    }
    let epoch = range.valueAsNumber >= last() ? 0 : range.valueAsNumber;
    isFollowing = false;
    const step = Math.max(0.25, last() / (REPLAY / FRAME));
    timer = setInterval(
      () => {
        epoch += isStill() ? Math.ceil(last() / 5) : step;
        if (epoch >= last()) {
          stop();
          isFollowing = true;
        }
        range.value = String(Math.floor(Math.min(epoch, last())));
        onChange();
      },
      isStill() ? 1000 : FRAME,
    );
    onChange();
  });

  return {
    /** The epoch that is shown. */
    get shown(): number {
      return isFollowing ? last() : Math.min(last(), range.valueAsNumber);
    },
    /** Whether the latest epoch is shown, whichever it is. */
    get isFollowing(): boolean {
      return isFollowing;
    },
    /** Shows the latest epoch from now on. */
    follow(): void {
      stop();
      isFollowing = true;
    },
    /** @param total epochs of the training. */
    show(total: number, isTraining: boolean): void {
      // While it learns, the rest of the way is shown, too.
      const most = Math.max(1, isTraining && total <= WHOLE ? total : last());
      if (range.max !== String(most)) range.max = String(most);
      if (isFollowing) range.value = String(last());
      play.disabled = last() < 2;
      const isPlaying = timer !== undefined;
      // While it learns, the button would be taken for the one that stops it.
      play.style.visibility = isTraining && !isPlaying ? 'hidden' : '';
      setText(play, isPlaying ? '❚❚' : '▶');
      play.setAttribute('aria-label', isPlaying ? 'Pause' : 'Play the training again');
      const shown = isFollowing ? last() : Math.min(last(), range.valueAsNumber);
      const text = `epoch ${grouped(shown)} of ${grouped(Math.max(total, last()))}`;
      setText(find('epoch-text', HTMLOutputElement), text);
      range.setAttribute('aria-valuetext', text);
    },
  };
}
