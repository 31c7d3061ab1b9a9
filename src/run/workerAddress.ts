// The file of a thread where a development server has put it into a bundle of dependencies: only the file
// itself knows its address then. Others import it to ask; it works when it is started as a worker.

import './worker.mjs';

const threadFileAddress: string | undefined = import.meta.webpack ? undefined : import.meta.url;

export { threadFileAddress as address };
