"""Execute one notebook and keep every output.

Deno's kernel reports itself idle before its last outputs are out, and nbclient stops listening
then. This client goes on listening until the kernel has been silent for a moment.

Usage: python execute.py INPUT.ipynb OUTPUT.ipynb [FOLDER]

Relative paths start from FOLDER; without it, from where the input lies.
"""

import os
import sys
from pathlib import Path
from queue import Empty

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionComplete, CellExecutionError
from nbclient.util import ensure_async

QUIET_SECONDS = 0.2


class DrainingClient(NotebookClient):
    async def _async_poll_output_msg(self, parent_msg_id, cell, cell_index):
        timeout = None
        while True:
            try:
                msg = await ensure_async(self.kc.iopub_channel.get_msg(timeout=timeout))
            except Empty:
                return
            if msg["parent_header"].get("msg_id") != parent_msg_id:
                continue
            try:
                self.process_message(msg, cell, cell_index)
            except CellExecutionComplete:
                timeout = QUIET_SECONDS


def main(source: Path, target: Path, folder: Path) -> int:
    notebook = nbformat.read(source, as_version=4)
    client = DrainingClient(
        notebook,
        timeout=None,
        iopub_timeout=120,
        record_timing=False,
        resources={"metadata": {"path": str(folder)}},
    )
    failure = None
    try:
        client.execute()
    except CellExecutionError as error:
        failure = error
    partial = target.with_suffix(".tmp")
    nbformat.write(notebook, partial)
    os.replace(partial, target)
    if failure is not None:
        print(f"{source.name}: {failure.ename}: {failure.evalue}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    source, target, *folder = map(Path, sys.argv[1:])
    sys.exit(main(source, target, *(folder or [source.parent])))
