"""Kill the server again and again in a storm of posts; then look whether every acknowledged entry is there once.

    python bench/storm.py [--posts 5000] [--kills 6] [--database sqlite|postgresql]

A real server (`integration-api serve`: gunicorn, two workers) is killed with SIGKILL, all its processes at once, at
random moments, and started again. Meanwhile four patients write. Each has an app that posts entries one by one with ids
of its own and repeats each until it is acknowledged (a few it gives up on when the answer is lost, as somebody who
throws the phone away), and a phone (`integration_api/phone`) that writes into its queue and sends by `/v1/sync`. Then:
every acknowledged entry once with exactly its words, none given up more than once, none doubled, none unknown; every
phone holds what the server holds; the database and the audit trail are whole. Ends with 1 where that is not so.
"""

import argparse
import random
import secrets
import sqlite3
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import flask_migrate
from flask import Flask
from sqlalchemy import func, make_url, select
from storm_server import PATIENTS, Server, database, environment, free_port, open_clinic

from integration_api.app import create_app
from integration_api.config import Settings
from integration_api.db import reading
from integration_api.phone.connection import Connection, Later, sync_patiently
from integration_api.phone.device import Device, new_id
from integration_api.phone.queue import Queue
from integration_api.privacy.audit import verify_all
from integration_api.themes.jobs import tag_pending
from models import Document

AT_ONCE = 20
GIVES_UP = 0.2  # of answers that were lost
SENTENCES = (
    "I miss my father every time the boats come in.", "Slept six hours.", "The blue door again.", "I cried — a little.",
    "My sister rang.", "I was afraid of dying for a moment.", "Walked by the river 🌊.", "Mañana será otro día.",
)  # fmt: skip


@dataclass
class Tally:
    """What was written, and what came of it."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    written: dict[str, str] = field(default_factory=dict)
    acknowledged: set[str] = field(default_factory=set)
    given_up: set[str] = field(default_factory=set)
    figures: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def count(self, what: str) -> None:
        """Count one more."""
        with self.lock:
            self.figures[what] += 1

    def done(self) -> int:
        """Say how many are through."""
        return len(self.acknowledged) + len(self.given_up)


def main() -> None:
    """Storm, look, and print one line a figure."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--posts", type=int, default=5000)
    asked.add_argument("--kills", type=int, default=6)
    asked.add_argument("--seed", type=int, default=20261127)
    asked.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    wanted = asked.parse_args()
    random.seed(wanted.seed)
    with tempfile.TemporaryDirectory() as folder, database(wanted.database, Path(folder)) as url:
        server = Server(free_port(), {})
        server.env = environment(url, server.port, folder)
        app = create_app(Settings.from_env(server.env))
        with app.app_context():
            flask_migrate.upgrade()
        lines = open_clinic(app, server)
        tally = Tally()
        seconds, phones = storm(server, lines, tally, wanted)
        look(lines, phones, tally)
        server.kill()
        look_inside(app, url, tally)
    tell(tally, seconds, wanted)
    sys.exit(1 if tally.wrong else 0)


def storm(
    server: Server, lines: dict[str, Connection], tally: Tally, wanted: argparse.Namespace
) -> tuple[float, dict[str, Device]]:
    """Write from all sides, and kill meanwhile; give the seconds it took, and the phones."""
    share = wanted.posts // (2 * len(lines))
    folder = tempfile.mkdtemp(dir=Path(server.env["INTEGRATION_API_FILES"]).parent)
    stores = {who: Path(folder) / who for who in lines}
    threads = [threading.Thread(target=post_all, args=(line, share, tally)) for line in lines.values()]
    threads += [threading.Thread(target=sync_all, args=(stores[who], lines[who], share, tally)) for who in lines]
    started = time.perf_counter()
    for each in threads:
        each.start()
    total = 2 * share * len(lines)
    for at in sorted(random.uniform(0.03, 0.95) * total for _ in range(wanted.kills)):
        while tally.done() < at and any(each.is_alive() for each in threads):
            time.sleep(0.02)
        time.sleep(random.uniform(0, 0.3))
        server.kill()
        tally.count("kills")
        server.start()
    for each in threads:
        each.join()
    seconds = time.perf_counter() - started
    phones = {who: Device(Queue(path), lines[who].send, limit=200) for who, path in stores.items()}
    for each in phones.values():
        sync_patiently(each)
    return seconds, phones


def post_all(line: Connection, share: int, tally: Tally) -> None:
    """Post entries one by one, each until it is acknowledged."""
    for number in range(share):
        body = {"id": new_id(), "text": words(number)}
        tally.written[body["id"]] = body["text"]
        failures = 0
        while True:
            try:
                status, answer = line.ask("POST", "/v1/journal-entries", body)
            except Later:
                failures += 1
                tally.count("retries")
                if failures == 1 and random.random() < GIVES_UP:
                    tally.given_up.add(body["id"])
                    break
                time.sleep(min(1.0, 0.1 * 2**failures) * random.uniform(0.5, 1))
                continue
            if (status, answer.get("text")) != (201, body["text"]):
                tally.wrong.append(f"a post was answered {status}")
            tally.acknowledged.add(body["id"])
            break


def sync_all(path: Path, line: Connection, share: int, tally: Tally) -> None:
    """Write on a phone, and let it sync now and then; its queue is what it has."""
    phone = Device(Queue(path), line.send, limit=200)

    def pause(seconds: float) -> None:
        tally.count("retries")
        time.sleep(min(seconds, 1.0))

    mine: set[str] = set()
    for first in range(0, share, AT_ONCE):
        for number in range(first, min(share, first + AT_ONCE)):
            said = words(number)
            record_id = phone.write({"text": said})
            tally.written[record_id] = said
            mine.add(record_id)
        sync_patiently(phone, 1000, pause)
        tally.count("syncs")
        waiting = {each.id for each in phone.queue.pending()}
        tally.acknowledged.update(mine - waiting)
    if phone.turned_down() or not phone.is_quiet():
        tally.wrong.append("a phone still holds changes")
    phone.queue.close()


def look(lines: dict[str, Connection], phones: dict[str, Device], tally: Tally) -> None:
    """Read everything back over HTTP, and hold it against what was written."""
    found: Counter[str] = Counter()
    texts: Counter[str] = Counter()
    for who, line in lines.items():
        theirs = {each["id"]: each["text"] for each in everything(line)}
        held = {record_id: record["text"] for record_id, record in phones[who].view().items()}
        if held != theirs:
            tally.wrong.append(f"a phone holds {len(held)} entries, its server {len(theirs)}, and not the same")
        found.update(theirs.keys())
        texts.update(theirs.values())
        if any(tally.written.get(record_id) != said for record_id, said in theirs.items()):
            tally.wrong.append("an entry has not its words")
    tally.figures["there"] = found.total()
    tally.figures["lost"] = len(tally.acknowledged - found.keys())
    tally.figures["doubled"] = sum(count > 1 for count in (*found.values(), *texts.values()))
    tally.figures["given up, and there"] = len(tally.given_up & found.keys())
    if tally.figures["lost"] or tally.figures["doubled"] or found.keys() - tally.written.keys():
        tally.wrong.append("entries are lost, doubled or unknown")


def everything(line: Connection) -> Iterator[dict[str, Any]]:
    """Read a patient's whole journal, page by page."""
    cursor = ""
    while True:
        status, page = line.ask("GET", f"/v1/journal-entries?limit=200{cursor}")
        assert status == 200, page
        yield from page["items"]
        if page["next_cursor"] is None:
            return
        cursor = f"&cursor={page['next_cursor']}"


def look_inside(app: Flask, url: str, tally: Tally) -> None:
    """See that the database and the audit trail are whole, and that what was not tagged can be tagged."""
    if url.startswith("sqlite"):
        with sqlite3.connect(make_url(url).database or "") as file:
            (verdict,) = file.execute("PRAGMA integrity_check").fetchone()
        tally.figures["integrity_check ok"] = int(verdict == "ok")
        if verdict != "ok":
            tally.wrong.append("integrity_check")
    with app.app_context():
        with reading() as db_session:
            tally.figures["documents"] = db_session.scalar(select(func.count(Document.id))) or 0
            verdicts = verify_all(db_session, {})
        tally.figures["audit events"] = sum(each.events for _, each in verdicts)
        if any(each.broken_at is not None for _, each in verdicts):
            tally.wrong.append("the audit trail is broken")
        tally.figures["left untagged by kills"], still = tag_pending()
    if still or tally.figures["documents"] != tally.figures["there"]:
        tally.wrong.append(f"{still} entries cannot be tagged, or documents are there that nobody can read")


def tell(tally: Tally, seconds: float, wanted: argparse.Namespace) -> None:
    """Print what came of it."""
    print(f"database: {wanted.database}, {len(PATIENTS)} patients, {2 * len(PATIENTS)} writers at once")
    print(f"posts: {len(tally.written)}")
    print(f"acknowledged: {len(tally.acknowledged)}")
    print(f"given up: {len(tally.given_up)}")
    for name, count in tally.figures.items():
        print(f"{name}: {count}")
    print(f"seconds: {seconds:.1f}")
    print(f"posts/s, with the time to start again: {len(tally.written) / seconds:.1f}")
    print("WRONG: " + "; ".join(sorted(set(tally.wrong))) if tally.wrong else "every acknowledged entry is there once")


def words(number: int) -> str:
    """Make words that are like no others."""
    return f"{' '.join(random.choices(SENTENCES, k=4))} {number} {secrets.token_hex(8)}"


if __name__ == "__main__":
    main()
