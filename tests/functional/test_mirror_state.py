#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""regctl mirror and its file of learnt facts: damaged, inaccessible, shared by two runs at once."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from harness import FaultServer, PATIENCE_S, main, wait_for  # noqa: E402
from mirror_case import MirrorCase  # noqa: E402
from v1_push import Client, Image  # noqa: E402

HEAD = b"regctl mirror state 1"


class State(MirrorCase):
    def setUp(self):
        super().setUp()
        self.source = self.start(FaultServer)

    def push(self, names):
        """Pushes a repository with one image for each name."""
        client = Client(self.source.host)
        images = {name: Image(name, 5_000) for name in names}
        for name, image in images.items():
            client.push(name, "1.0", image)
        client.close()
        return images

    def known(self):
        """The images in the file, each of whose lines must be valid."""
        head, *lines = self.read("state").splitlines()
        self.assertEqual(head, HEAD)
        for line in lines:
            self.assertRegex(line[:100], rb"^[0-9a-f]{64} \d+ \d+ -$")
        return [line.split()[0].decode() for line in lines]

    def words(self, destination, *more):
        return ("mirror", self.source.host, destination.host, "--state", "state", "--report", "report", *more)

    def run_to(self, destination, *more):
        """The notes of a successful run."""
        done = self.ok(*self.words(destination, *more))
        *notes, summary = done.err.splitlines()
        self.assertRegex(summary, r"^regctl: \d+ repositor(y|ies): ")
        return notes


class Damaged(State):
    def setUp(self):
        super().setUp()
        self.images = self.push([f"team/app-{n}" for n in range(3)])
        self.ids = sorted(image.id for image in self.images.values())
        self.assertEqual(self.run_to(self.start(FaultServer)), [])
        self.whole = self.read("state")
        self.assertEqual(sorted(self.known()), self.ids)

    def damage(self):
        """Damaged content of the file → the note about it."""
        return {
            self.whole[:len(self.whole) - 40]: "1 line of no use",
            self.whole[:len(HEAD) - 3]: "is not a mirror's state",
            self.whole.replace(b" ", b"\t"): "is not a mirror's state",
            HEAD + b"\n" + os.urandom(500).replace(b"\n", b"") + b"\n": "1 line of no use",
            HEAD + b"\n" + b"a" * 100_000: "longer than",
            b"\0" * len(self.whole): "is not a mirror's state",
            b"precious: not ours\n": "is not a mirror's state",
        }

    def test_a_damaged_state_is_noted_once_and_rewritten(self):
        done = self.start(FaultServer)
        self.run_to(done)
        for text, said in self.damage().items():
            for destination, outcome in ((self.start(FaultServer), "copied"), (done, "kept")):
                with self.subTest(text[:40], outcome=outcome):
                    self.write("state", text)
                    notes = self.run_to(destination)
                    self.assertEqual(len(notes), 1, notes)
                    self.assertIn(said, notes[0])
                    self.assertEqual(self.summary()[outcome], 3)
                    if outcome == "copied":
                        self.assertEqual(sorted(self.known()), self.ids)
                    self.known()
                    self.assertEqual(self.run_to(destination), [])

    def test_a_state_that_links_to_itself_is_left_alone_and_the_run_completes(self):
        os.remove(self.path("state"))
        os.symlink("state", self.path("state"))
        notes = self.run_to(self.start(FaultServer))
        self.assertEqual(len(notes), 2, notes)
        self.assertIn("is learnt anew", notes[0])
        self.assertIn("is not kept", notes[1])
        self.assertEqual(self.summary()["copied"], 3)
        self.assertEqual(os.readlink(self.path("state")), "state")

    def test_a_state_that_cannot_be_read_or_written_does_not_fail_the_run(self):
        os.remove(self.path("state"))
        os.mkdir(self.path("state"))
        notes = self.run_to(self.start(FaultServer))
        self.assertEqual([note.split("; ")[-1] for note in notes],
                         ["the mirror's state is learnt anew", "the mirror's state is not kept"])
        self.assertEqual(self.summary()["copied"], 3)
        self.assertEqual(os.listdir(self.path("state")), [])


class Shared(State):
    def test_the_later_of_two_runs_keeps_the_facts_of_the_earlier_one(self):
        images = self.push(["team/one", "team/two"])
        one, two = images.values()
        # The first run begins before the second one and ends after it.
        self.source.control({"method": "GET", "path": f"{one.id}/layer", "action": "headers", "gather": 2,
                             "times": 2})
        first = self.start_regctl(*self.words(self.start(FaultServer), "--include", "team/one"))
        wait_for(lambda: self.source.log("GET", f"{one.id}/ancestry"), "the first run")
        self.run_to(self.start(FaultServer), "--include", "team/two")
        self.assertIn(two.id, self.known())
        self.source.get(f"/v1/images/{one.id}/layer")
        _, err = first.communicate(timeout=PATIENCE_S)
        self.assertEqual(first.returncode, 0, err)
        self.assertEqual(sorted(self.known()), sorted([one.id, two.id]))

    def test_many_runs_at_once_leave_a_valid_state(self):
        names = [f"team/app-{n}" for n in range(6)]
        images = self.push(names)
        destination = self.start(FaultServer)
        runs = [self.start_regctl("mirror", self.source.host, destination.host, "--state", "state",
                                  "--include", name) for name in names]
        for run in runs:
            _, err = run.communicate(timeout=PATIENCE_S)
            self.assertEqual((run.returncode, err.count(b"\n")), (0, 1), err)
        self.assertLessEqual(set(self.known()), {image.id for image in images.values()})
        self.assertTrue(self.known())
        # What one run has overwritten of another's costs requests and nothing else.
        self.assertEqual(self.run_to(destination), [])
        self.assertEqual(self.summary()["kept"], len(names))
        self.assertNothingHalfWritten()


if __name__ == "__main__":
    main()
