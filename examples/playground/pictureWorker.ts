// The thread that draws networks. networkPicture.ts is the page's half.
import { answerQuestions } from '../shared/liveWorkerScope.ts';
import { NetworkDrawing } from './networkDrawing.ts';
import type { PictureQuestion } from './networkPicture.ts';

let drawing: NetworkDrawing | undefined;

answerQuestions((question: PictureQuestion) => {
  if (question.kind === 'canvas') drawing = new NetworkDrawing(question.canvas);
  else if (question.kind === 'choose') drawing?.choose(question.place);
  else if (question.kind === 'clear') drawing?.clear();
  else drawing?.show(question.look, question.size, question.palette, question.isStill);
  return {};
});
