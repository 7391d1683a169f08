#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The settings of registries in a mirror file take effect, each for its own registry only."""

import base64
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from harness import FaultServer, main, make_archive  # noqa: E402
from mirror_case import MirrorCase  # noqa: E402
from v1_push import Client, Image  # noqa: E402

LAYERS = 6
LAYER_BYTES = 20_000


def basic(user):
    return "Basic " + base64.b64encode(user.encode()).decode()


def most_within(arrivals, seconds):
    """The most arrivals in any span of so many seconds."""
    arrivals = sorted(arrivals)
    return max(sum(begin <= one < begin + seconds for one in arrivals) for begin in arrivals)


def most_at_once(records):
    """The most requests that a server was answering at the same time, by its own clock."""
    return max(sum(one["arrived"] <= record["arrived"] <= one["answered"] for one in records) for record in records)


class Settings(MirrorCase):
    def write_file(self, registries, mirrors, **defaults):
        """A mirror file; JSON is YAML."""
        self.write("mirror.yaml", json.dumps({
            "version": 1, "registries": registries, "defaults": {"report": "report", **defaults},
            "mirrors": [{"source": source, "destination": destination} for source, destination in mirrors]}))

    def run_file(self, **kept):
        return self.ok("mirror", "--config", "mirror.yaml", **kept)

    def push(self, server, *options, name="team/app", **kept):
        """A repository with one chain; returns its layers."""
        made = make_archive(self.path("app.tar"), [f"{name} {n}" for n in range(LAYERS)], LAYER_BYTES)
        self.ok("push", *options, "app.tar", f"{server.host}/{name}:1.0", **kept)
        return made

    def push_singles(self, server, count):
        """As many repositories, with one image each."""
        client = Client(server.host)
        for number in range(count):
            client.push(f"team/app-{number}", "1.0", Image(f"{server.port} {number}", LAYER_BYTES))
        client.close()


class Pace(Settings):
    def test_requests_per_second_are_limited_for_each_registry(self):
        """Each registry has its own limit, and a slow registry does not delay the other one's requests."""
        rates = {"source": 15, "destination": 60}
        source, destination = self.start(FaultServer), self.start(FaultServer)
        self.push_singles(source, 8)
        self.write_file({source.host: {"plain_http": True, "requests_per_second": rates["source"]},
                         destination.host: {"plain_http": True, "requests_per_second": rates["destination"]}},
                        [(source.host, destination.host)])
        before = len(source.log())
        self.run_file()
        self.assertEqual(self.summary()["copied"], 8)
        most = {}
        for name, server, records in (("source", source, source.log()[before:]),
                                      ("destination", destination, destination.log())):
            arrivals = [record["arrived"] for record in records]
            least = (len(arrivals) - 1) / rates[name]
            self.assertGreater(len(arrivals), rates[name])
            # What leaves on time may arrive late, and the next one at once.
            self.assertGreater(max(arrivals) - min(arrivals), 0.9 * least, name)
            most[name] = most_within(arrivals, 0.5)
        self.assertLessEqual(most["source"], 0.5 * rates["source"] + 4)
        self.assertGreater(most["destination"], most["source"])

    def test_bandwidth_is_limited_for_each_registry(self):
        """To a registry and from it: 120 kB at 80 kB/s."""
        limited, free, other = (self.start(FaultServer) for _ in range(3))
        self.push(limited, name="team/from")
        self.push(free, name="team/to")
        self.push(other, name="team/other")
        self.write_file({free.host: {"plain_http": True},
                         limited.host: {"plain_http": True, "bandwidth": "80kB/s"}},
                        [(f"{limited.host}/team/from", free.host), (f"{free.host}/team/to", limited.host),
                         (other.host, free.host)])
        self.run_file()
        self.assertEqual(self.summary()["copied"], 3)
        seconds = {record["source"]: record["seconds"] for record in self.report() if record["type"] == "tag"}
        least = LAYERS * LAYER_BYTES / 80_000
        self.assertGreater(seconds["team/from"], 0.9 * least)
        self.assertGreater(seconds["team/to"], 0.9 * least)
        self.assertLess(seconds["team/other"], min(seconds["team/from"], seconds["team/to"]))

    def test_jobs_are_limited_for_each_registry(self):
        """The number of parallel layers is the smallest of the limits of source, destination and run."""
        most = {"one": 1, "two": 2, "free": 3, "to-one": 1}
        sources = {name: self.start(FaultServer) for name in most}
        destinations = {name: self.start(FaultServer) for name in most}
        for name, source in sources.items():
            self.push_singles(source, 6)
            # Each takes a while, and goes on when as many are there as there may be.
            source.control({"method": "GET", "path": "/layer$", "action": "slow", "rate": 10 * LAYER_BYTES})
            destinations[name].control({"method": "PUT", "path": "/layer$", "action": "headers",
                                        "gather": most[name]})
        self.write_file({sources["one"].host: {"jobs": 1}, sources["two"].host: {"jobs": 2},
                         destinations["to-one"].host: {"jobs": 1}},
                        [(sources[name].host, destinations[name].host) for name in most], jobs=3)
        self.run_file()
        for name, destination in destinations.items():
            layers = destination.log("PUT", "/layer")
            self.assertEqual((len(layers), most_at_once(layers)), (6, most[name]), name)


class Access(Settings):
    def test_credentials_are_for_their_registry_only(self):
        """Credentials from a file, from variables, and from the default places; each for its own registry only."""
        users = {"file": "alice:one", "variables": "bob:two", "docker": "carol:three"}
        servers = {name: self.start(FaultServer, "--auth", "basic", "--user", user)
                   for name, user in users.items()}
        hosts = {name: server.host for name, server in servers.items()}
        made = self.push(servers["file"], env={"REGCTL_USERNAME": "alice", "REGCTL_PASSWORD": "one"})
        self.write("password", "one\nnot this line\n")
        os.mkdir(os.path.join(self.home, ".docker"))
        with open(os.path.join(self.home, ".docker", "config.json"), "w", encoding="utf-8") as file:
            json.dump({"auths": {host: {"auth": basic("carol:three").split()[1]} for host in hosts.values()}}, file)
        self.write_file({hosts["file"]: {"credentials": {"username": "alice", "password_file": "password"}},
                         hosts["variables"]: {"credentials": {"username_env": "BOB", "password_env": "BOBS"}},
                         hosts["docker"]: {"credentials": "docker"}},
                        [(hosts["file"], hosts["variables"]), (hosts["variables"], hosts["docker"])])
        self.run_file(env={"BOB": "bob", "BOBS": "two"})
        self.assertEqual(self.ok("tags", f"{hosts['docker']}/team/app", "--format", "json").json,
                         [{"repository": "team/app", "tag": "1.0", "id": made[-1].id}])
        for name, server in servers.items():
            sent = {record["authorization"] for record in server.log()} - {None}
            self.assertEqual({value for value in sent if value.startswith("Basic")}, {basic(users[name])}, name)
        missing = self.fails(2, "mirror", "--config", "mirror.yaml", env={"BOB": "bob"}, saying="BOBS is not set")
        self.assertNotIn("two", missing.err)

    def test_certificates_are_for_their_registry_only(self):
        """A certificate authority applies to one registry only, and an unverified registry must be named."""
        self.make_key("ca", "/CN=test CA")
        self.make_key("server", "/CN=127.0.0.1", ca="ca", names="IP:127.0.0.1")
        self.make_key("self", "/CN=127.0.0.1", names="IP:127.0.0.1")
        source, destination = (self.start(FaultServer, "--tls-cert", self.path(f"{key}.crt"), "--tls-key",
                                          self.path(f"{key}.key")) for key in ("server", "self"))
        self.push(source, "--ca-file", self.path("ca.crt"))
        ends = [(source.host, destination.host)]
        trusted, unverified = {"ca_file": self.path("ca.crt")}, {"insecure": True}
        for registries in ({source.host: trusted}, {destination.host: unverified},
                           {source.host: trusted, destination.host: trusted}):
            self.write_file(registries, ends)
            refused = self.regctl("mirror", "--config", "mirror.yaml")
            self.assertEqual(refused.code, 5, refused.err)
            self.assertIn("certificate is not trusted", refused.err)
            self.assertEqual(destination.log("PUT"), [])
        self.write_file({source.host: trusted, destination.host: unverified}, ends)
        self.run_file()
        self.assertEqual(self.summary()["copied"], 1)


class Imported(Settings):
    def test_the_file_made_of_another_program_mirrors_what_that_names(self):
        """image-syncer's rules, by tag and by pattern, each for its own destination."""
        source, destination = self.start(FaultServer), self.start(FaultServer)
        client = Client(source.host)
        for tag in ("1.0", "1.1", "dev"):
            client.push("team/app", tag, Image(f"app {tag}", LAYER_BYTES))
        client.push("team/other", "1.0", Image("other", LAYER_BYTES))
        client.close()
        self.write("images.json", json.dumps({
            f"{source.host}/team/app:1.0,1.1": f"{destination.host}/mirror/app",
            f"{source.host}/team/app:/^d/": f"{destination.host}/dev/app",
            f"{source.host}/team/app:1.0": f"{destination.host}/mirror/app:other"}))
        made = self.regctl("mirror", "--from-config", "images.json")
        self.assertEqual(made.code, 10, made.err)
        self.assertIn("# line 1: left out, ", made.out)
        self.write("made.yaml", made.out)
        self.ok("mirror", "--config", "made.yaml")
        found = self.ok("images", destination.host, "--format", "json").json
        self.assertEqual({(one["repository"], one["tag"]) for one in found},
                         {("mirror/app", "1.0"), ("mirror/app", "1.1"), ("dev/app", "dev")})


if __name__ == "__main__":
    main()
