"""A web request: `python request.py` answers it, `python request.py killed` dies after the commit."""

import os
import signal
import sys
from pathlib import Path

from orders import Orders

from engine import Actor

LI = Actor(id="li", roles=("agent",))

shop = Orders("web.db", Path(__file__).parent / "processes")
shop.sell("A-1", "80.00")
answer = shop.ask_back("A-1", agent=LI, request="web-7")
if sys.argv[1:] == ["killed"]:
    os.kill(os.getpid(), signal.SIGKILL)
sys.stdout.write(f"{answer.case.id}, repeated: {answer.is_repeat}, {shop.rows('SELECT * FROM orders')}\n")
shop.close()
