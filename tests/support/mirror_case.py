# SPDX-License-Identifier: Apache-2.0
"""What the functional tests of regctl mirror have in common: registries that are filled and compared, and
what a run's report says."""

import json
import os
import re

from harness import RegctlServer, TestCase, make_archive


class Serving(RegctlServer):
    """regctl serve with its access log."""

    def __init__(self, folder, *options, **kept):
        self.access_log = None
        super().__init__(folder, "--access-log", "access.log", *options, **kept)
        self.access_log = os.path.join(self.folder, "access.log")

    def requests(self):
        """The requests so far, as "GET /v1/search"."""
        with open(self.access_log, encoding="utf-8") as file:
            return [re.search(r'"(\S+ \S+) HTTP', line).group(1) for line in file]

    def forget_requests(self):
        os.truncate(self.access_log, 0)

    def tags(self, name):
        return json.loads(self.get(f"/v1/repositories/{name}/tags"))


class MirrorCase(TestCase):
    maxDiff = None

    def fill(self, server, names=("team/app", "team/base", "single")):
        """Repositories whose chains share their lower ends; returns name → layers."""
        made = {}
        for number, name in enumerate(names):
            path = f"{number}.tar"
            made[name] = make_archive(self.path(path), ["base", "lib", f"top-{number}"], 20_000)
            self.ok("push", path, f"{server.host}/{name}:1.0")
            self.ok("tag", f"{server.host}/{name}:1.0", f"{server.host}/{name}:latest")
        return made

    def mirror(self, source, destination, *options, **kept):
        return self.ok("mirror", getattr(source, "host", source), getattr(destination, "host", destination),
                       *options, **kept)

    def report(self, name="report"):
        return [json.loads(line) for line in self.read(name).decode().splitlines()]

    def summary(self, name="report"):
        last = self.report(name)[-1]
        self.assertEqual(last["type"], "summary")
        return last

    def assertSame(self, made, server):
        for name, layers in made.items():
            full = name if "/" in name else "library/" + name
            tags = json.loads(server.get(f"/v1/repositories/{full}/tags"))
            self.assertEqual(tags, {"1.0": layers[-1].id, "latest": layers[-1].id})
            for layer in layers:
                self.assertEqual(server.get(f"/v1/images/{layer.id}/json"), layer.json)
                self.assertEqual(server.get(f"/v1/images/{layer.id}/layer"), layer.data)
