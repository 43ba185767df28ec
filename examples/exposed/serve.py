"""Serves one of the two: python3 serve.py exposed|sealed [--mode MODE] [--log FILE] [--expire N] [--tls CERT KEY]"""

import argparse

from exposed import Exposed
from sealed import Sealed
from server import serve

parser = argparse.ArgumentParser()
parser.add_argument("which", choices=["exposed", "sealed"])
parser.add_argument("--mode", choices=["", "nospec", "everything", "limited"], default="")
parser.add_argument("--log")
parser.add_argument("--expire", type=int, default=0)
parser.add_argument("--tls", nargs=2, metavar=("CERT", "KEY"))
arguments = parser.parse_args()
service = {"exposed": Exposed, "sealed": Sealed}[arguments.which](arguments.mode, arguments.expire)
serve(service, open(arguments.log, "a") if arguments.log else None, arguments.tls)
