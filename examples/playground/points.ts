// The plane with points that the visitor labels, and the regions that a small network makes of it meanwhile.
import { LiveWorker, type WorkerProblem } from '../shared/liveWorker.ts';
import { grouped } from '../shared/numbers.ts';
import { contextOf, find, setText, styleColour, styleValue } from '../shared/page.ts';
import { isMove, moved } from './keys.ts';
import type { Point, RunQuestion, RunTold } from './protocol.ts';
import { startRunWorker } from './startRunWorker.ts';

/** Cells of the picture along each side, and the colours of the three classes. */
const SIDE = 56;
const COLOURS = ['--a', '--b', '--c'];
/** How far an arrow key moves the mark, and points at most. */
const [STEP, MOST_POINTS] = [0.06, 1000];

type Regions = Extract<RunTold, { kind: 'regions' }>;

/** Makes the plane work. @param onEnd called when the worker has ended by itself. */
export function preparePoints(onEnd: (problem: WorkerProblem) => void) {
  const plane = find('plane', HTMLCanvasElement);
  // From now on it takes keys; before, it was a picture.
  plane.setAttribute('role', 'application');
  const say = find('plane-about', HTMLElement);
  const cells = document.createElement('canvas');
  [cells.width, cells.height] = [SIDE, SIDE];
  let points: Point[] = [];
  let regions: Regions | undefined;
  let mark = { x: 0, y: 0 };
  const worker = new LiveWorker<RunQuestion, RunTold>(
    'The thread that learns your points',
    startRunWorker,
    onEnd,
    (told) => {
      if (told.kind !== 'regions' || points.length === 0) return;
      regions = told;
      draw();
    },
  );

  function learn(): void {
    // What it refuses, or that it has ended, is told by onEnd.
    worker.ask({ kind: 'points', points, side: SIDE }).catch(() => undefined);
    draw();
  }

  const label = (): number =>
    Number(document.querySelector<HTMLInputElement>('[name=point]:checked')?.value ?? 0);

  function add(x: number, y: number, own = label()): void {
    if (points.length >= MOST_POINTS) return;
    points = [...points, { x, y, label: own }];
    learn();
  }

  let isPending = false;
  function draw(): void {
    if (isPending) return;
    isPending = true;
    requestAnimationFrame(() => {
      isPending = false;
      paint();
    });
  }

  function paint(): void {
    const context = contextOf(plane);
    context.clearRect(0, 0, plane.width, plane.height);
    if (regions !== undefined && points.length > 0) paintRegions(regions);
    const at = (value: number): number => ((value + 1) / 2) * plane.width;
    context.lineWidth = 3;
    context.strokeStyle = styleValue('--paper');
    for (const { x, y, label: own } of points) {
      context.fillStyle = styleValue(COLOURS[own]);
      context.beginPath();
      context.arc(at(x), at(y), 9, 0, 2 * Math.PI);
      context.fill();
      context.stroke();
    }
    if (plane.matches(':focus-visible')) {
      context.strokeStyle = styleValue('--text');
      context.beginPath();
      context.arc(at(mark.x), at(mark.y), 15, 0, 2 * Math.PI);
      context.stroke();
    }
    const classes = new Set(points.map((point) => point.label)).size;
    const learnt = regions && points.length > 0 ? ` ${grouped(regions.connections)} connections.` : '';
    setText(
      say,
      points.length === 0
        ? 'Click or tap to set points.'
        : classes < 2
          ? `${grouped(points.length)} points. Set some of another colour, too.`
          : `${grouped(points.length)} points, ${classes} colours.${learnt}`,
    );
  }

  function paintRegions({ classes, sure }: Regions): void {
    const own = contextOf(cells);
    const image = own.createImageData(SIDE, SIDE);
    const colours = COLOURS.map(styleColour);
    classes.forEach((one, cell) => {
      colours[one].forEach((channel, c) => {
        image.data[4 * cell + c] = channel;
      });
      image.data[4 * cell + 3] = Math.max(20, Math.round((sure[cell] - 85) * 0.62));
    });
    own.putImageData(image, 0, 0);
    const context = contextOf(plane);
    context.imageSmoothingEnabled = true;
    context.drawImage(cells, 0, 0, plane.width, plane.height);
  }

  plane.addEventListener('pointerdown', (event) => {
    if (event.button !== 0 || !event.isPrimary) return;
    add((2 * event.offsetX) / plane.clientWidth - 1, (2 * event.offsetY) / plane.clientHeight - 1);
  });
  plane.addEventListener('keydown', (event) => {
    if (isMove(event.key)) mark = moved(mark, event.key, STEP, -0.97, 0.97);
    else if (['1', '2', '3'].includes(event.key)) add(mark.x, mark.y, Number(event.key) - 1);
    else if (event.key === ' ' || event.key === 'Enter') add(mark.x, mark.y);
    else if (event.key === 'Backspace' || event.key === 'Delete') undo();
    else return;
    event.preventDefault();
    draw();
  });
  for (const event of ['focus', 'blur']) plane.addEventListener(event, draw);

  function undo(): void {
    points = points.slice(0, -1);
    if (points.length === 0) regions = undefined;
    learn();
  }
  find('undo-point', HTMLButtonElement).addEventListener('click', undo);
  find('clear-points', HTMLButtonElement).addEventListener('click', () => {
    [points, regions] = [[], undefined];
    learn();
  });
  draw();
  return {
    redraw: draw,
    /** Learns the points anew, in a new worker. */
    restart: learn,
  };
}
