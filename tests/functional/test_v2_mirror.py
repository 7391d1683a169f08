#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""regctl mirror between two registries of protocol v2, distribution 2.8."""

import json
import os
import re
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from harness import PATIENCE_S, main, wait_for  # noqa: E402
from middleman import Middleman  # noqa: E402
from v2_case import V2Case  # noqa: E402
from v2_images import (INDEX, MANIFEST_TYPES, Document, artifact, digest_of, image, index, signature,  # noqa: E402
                       signature_tag)

NAMES = ("single", "team/app", "team/base")
TAGS = ("1.0", "1.1", "2.0")


class Counting(Middleman):
    """Stands before a registry, and notes what it is asked."""

    def __init__(self, server):
        self.seen = []
        super().__init__(server)

    def choose(self, request):
        self.seen.append(f"{request.method} {request.path}")

    def requests(self, pattern=""):
        """Those that match, without what finds out the protocol."""
        pings = ("GET /v2/", "GET /v1/_ping", "GET /_ping")
        return [line for line in self.seen if re.search(pattern, line) and line not in pings]


class MirrorCase(V2Case):
    def setUp(self):
        super().setUp()
        self.source, self.destination = self.distribution(), self.distribution()
        self.base = image("base", 2, 20_000)

    def add(self, name, tag, document):
        return self.push(self.source, name, tag, document)

    def fill(self, names=NAMES, tags=TAGS):
        """Repositories of images on one base, the last tag of each an index."""
        for name in names:
            for tag in tags:
                made = [image(f"{name}:{tag}", 1, 5_000, self.base),
                        image(f"{name}:{tag} arm", 1, 5_000, architecture="arm64")]
                self.add(name, tag, index(made) if tag == tags[-1] else made[0])

    def counted(self):
        """Both registries behind something that counts."""
        sides = Counting(self.source), Counting(self.destination)
        for side in sides:
            self.addCleanup(side.stop)
        return sides

    def mirror(self, *options, source=None, destination=None):
        return self.ok("mirror", (source or self.source).host, (destination or self.destination).host,
                       "--report", "report", *options)

    def records(self):
        return [json.loads(line) for line in self.read("report").decode().splitlines()]

    def summary(self):
        return self.records()[-1]

    def there(self, name):
        return self.tags_of(self.destination, name)

    def assertSame(self, names=NAMES):
        for name in names:
            tags = self.there(name)
            self.assertEqual(tags, self.tags_of(self.source, name))
            for tag in tags:
                self.assertComplete(self.destination, name, tag)


class Whole(MirrorCase):
    def test_a_registry_and_then_what_changed(self):
        self.fill()
        self.mirror()
        self.assertSame()
        self.assertEqual((self.summary()["copied"], self.summary()["failed"]), (9, 0))
        self.add("team/app", "1.0", image("another"))
        self.add("team/new", "1.0", image("newer", 1, 5_000, self.base))
        self.mirror()
        self.assertSame((*NAMES, "team/new"))
        self.assertEqual((self.summary()["copied"], self.summary()["updated"], self.summary()["kept"]), (1, 1, 8))

    def test_a_warm_run_asks_for_each_tag_once(self):
        self.fill()
        self.mirror()
        for side, other in ((0, 1), (1, 0)):
            sides = self.counted()
            ends = [self.source, self.destination]
            ends[side] = sides[side]
            self.mirror(source=ends[0], destination=ends[1])
            seen = sides[side].requests()
            self.assertEqual(len([line for line in seen if line.startswith("HEAD")]), len(NAMES) * len(TAGS), seen)
            self.assertLessEqual(len(seen), len(NAMES) * (len(TAGS) + 2), seen)
            others = [line for line in seen if not re.search("^HEAD .*/manifests/|^GET .*(/tags/list|_catalog)", line)]
            probes = [line for line in others if "/referrers/" in line]  # the source, once: it has no such API
            self.assertEqual((others, len(probes)), (probes, 1 - side))
            self.assertEqual(sides[other].seen, [])

    def test_a_blob_is_fetched_once_for_all_repositories(self):
        self.fill()
        source, destination = self.counted()
        self.mirror(source=source, destination=destination)
        self.assertSame()
        fetched = [line.rsplit("/", 1)[1] for line in source.requests("GET .*/blobs/")]
        self.assertEqual(len(fetched), len(set(fetched)), sorted(fetched))
        sent = [line.rsplit("digest=", 1)[1] for line in destination.requests("PUT .*/uploads/.*digest=")]
        self.assertEqual(len(sent), len(set(sent)), sorted(sent))
        self.assertTrue(destination.requests("POST .*mount="))

    def test_a_blob_is_fetched_once_for_all_mirrors_of_a_file(self):
        for name in NAMES:
            self.add(name, "1.0", image(name, 1, 5_000, self.base))
        source, destination = self.counted()
        self.write("mirrors.yaml", "version: 1\nmirrors:\n" + "".join(
            f"  - source: {source.host}/{name}\n    destination: {destination.host}/{name}\n" for name in NAMES))
        plan = self.ok("mirror", "--config", "mirrors.yaml", "--dry-run", "--sizes", "--format", "json").out
        foretold = json.loads(plan.splitlines()[-1])["bytes_ahead"]
        self.ok("mirror", "--config", "mirrors.yaml", "--report", "report")
        self.assertEqual(self.summary()["bytes"], foretold)
        self.assertSame()
        for layer, _ in self.base.layers:
            digest = digest_of(layer)
            self.assertEqual(len(source.requests(f"GET .*/blobs/{digest}")), 1, source.seen)
            sent = [line for line in destination.requests("PUT .*/uploads/") if digest[7:] in line]
            self.assertEqual(len(sent), 1, destination.seen)
            mounted = [line for line in destination.requests("POST .*mount=") if digest[7:] in line]
            self.assertEqual(len(mounted), len(NAMES) - 1, destination.seen)

    def test_rules_choose_and_rename_what_is_mirrored(self):
        self.fill()
        rows = ((("--include", "team/*"), {"team/app": TAGS, "team/base": TAGS}),
                (("--exclude", "team/*"), {"single": TAGS}),
                (("--include", "single", "--include-tag", "1.*"), {"single": TAGS[:2]}),
                (("--include", "single", "--semver", ">=1.1"), {"single": TAGS[1:]}),
                (("--include", "single", "--latest", "1"), {"single": TAGS[2:]}),
                (("--include", "single", "--prefix", "copies/"), {"copies/single": TAGS}))
        for options, expected in rows:
            with self.subTest(options):
                self.destination = self.distribution()
                self.mirror(*options)
                names = json.loads(self.destination.ask("GET", "/v2/_catalog")[2])["repositories"]
                self.assertEqual({name: tuple(sorted(self.there(name))) for name in names}, expected)

    def test_a_removed_tag_is_pruned(self):
        self.fill()
        self.mirror()
        digest = self.tags_of(self.source, "team/app")["1.1"]
        self.source.ask("DELETE", f"/v2/team/app/manifests/{digest}")
        self.mirror()
        self.assertIn("1.1", self.there("team/app"))
        self.mirror("--prune", "--yes")
        self.assertSame()
        self.assertEqual((self.summary()["deleted"], sorted(self.there("team/app"))), (1, ["1.0", "2.0"]))

    def test_a_dry_run_foretells_bytes_and_requests(self):
        self.fill(NAMES[:1])
        source, destination = self.counted()
        ends = source.host, destination.host, "--no-referrers", "-j", "1"
        plan = [json.loads(line) for line in
                self.ok("mirror", *ends, "--dry-run", "--sizes", "--format", "json").out.splitlines()]
        self.assertEqual(self.there("single"), {})
        self.assertEqual(destination.requests("^(PUT|POST|DELETE|PATCH)"), [])
        for side in (source, destination):
            side.seen.clear()
        self.ok("mirror", *ends, "--report", "report")
        run = self.summary()
        self.assertEqual(plan[-1]["to_copy"], run["copied"])
        self.assertEqual(plan[-1]["bytes_ahead"], run["bytes"])
        made = source.requests() + destination.requests()
        # A plan cannot know which blobs two tags share with what is at the destination.
        self.assertGreaterEqual(plan[-1]["requests_ahead"], len(made) * 3 // 4)
        self.assertLessEqual(plan[-1]["requests_ahead"], len(made) * 5 // 4)

    def test_a_plan_that_is_carried_out(self):
        self.fill()
        self.mirror("--plan", "plan")
        self.assertEqual([self.there(name) for name in NAMES], [{}] * 3)
        self.assertEqual(len(self.read("plan").splitlines()), 9)
        self.ok("mirror", self.source.host, self.destination.host, "--apply", "plan")
        self.assertSame()
        self.ok("mirror", self.source.host, self.destination.host, "--plan", "plan")
        self.assertEqual({json.loads(line)["action"] for line in self.read("plan").splitlines()}, {"keep"})

    def test_a_plan_that_is_stale(self):
        self.fill(NAMES[:1])
        self.mirror("--plan", "plan")
        self.push(self.destination, "single", "1.0", image("meanwhile"))
        stale = self.regctl("mirror", self.source.host, self.destination.host, "--apply", "plan")
        self.assertEqual(stale.code, 10, stale.err)
        self.assertIn("is not what it was when the plan was made", stale.err)

    def test_immutable_tags_are_not_asked_for(self):
        self.fill()
        self.mirror()
        source, destination = self.counted()
        self.mirror("--immutable-tags", "1.*", source=source, destination=destination)
        for side in (source, destination):
            self.assertEqual({line.rsplit("/", 1)[1] for line in side.requests("^HEAD")}, {"2.0"})

    def test_an_index_is_narrowed_to_the_platforms(self):
        self.fill(NAMES[:1])
        self.mirror("--platform", "linux/arm64", "--include-tag", "2.0")
        digest = self.assertComplete(self.destination, "single", "2.0")
        self.assertNotEqual(digest, self.tags_of(self.source, "single")["2.0"])
        self.mirror("--platform", "linux/arm64", "--include-tag", "2.0")
        self.assertEqual((self.summary()["kept"], self.summary()["updated"]), (1, 0))

    def test_a_watch_goes_on(self):
        self.fill(NAMES[:1])
        process = self.start_regctl("mirror", self.source.host, self.destination.host, "--watch", "1h",
                                    "--metrics-file", "metrics", "-q")
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        self.wait_for_passes(1)
        self.assertSame(NAMES[:1])
        self.add("single", "3.0", image("later"))
        process.send_signal(signal.SIGHUP)
        self.wait_for_passes(2)
        self.assertSame(NAMES[:1])
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(PATIENCE_S), 0)

    def wait_for_passes(self, count):
        wait_for(lambda: os.path.exists(self.path("metrics")) and
                 f"passes_total {count}\n" in self.read("metrics").decode(), f"pass {count}")


class Followers(MirrorCase):
    """What refers to an image, and cosign's tags."""

    def setUp(self):
        super().setUp()
        self.app = self.add("team/app", "1.0", image("app", 1, 5_000))

    def sign(self, document, text="signed"):
        return self.add("team/app", signature_tag(document), signature(document, text))

    def test_a_signature_is_there_before_its_image_has_the_tag(self):
        signed = self.sign(self.app)
        self.add("team/app", signature_tag(self.app, "att"), signature(self.app, "attested"))
        self.sign(signed)  # a signature can be signed
        source, destination = self.counted()
        self.mirror(source=source, destination=destination)
        self.assertSame(["team/app"])
        put = [line.rsplit("/", 1)[1] for line in destination.requests("^PUT .*/manifests/")]
        self.assertEqual(put[-1], "1.0")
        self.assertEqual(sorted(tag for tag in put if tag.startswith("sha256-")),
                         sorted(set(self.there("team/app")) - {"1.0"}))

    def test_a_new_signature_of_an_unchanged_image(self):
        self.mirror()
        self.sign(self.app)
        self.mirror()
        self.assertSame(["team/app"])
        self.assertEqual((self.summary()["copied"], self.summary()["kept"]), (1, 1))
        self.sign(self.app, "signed twice")
        self.mirror()
        self.assertSame(["team/app"])
        self.assertEqual((self.summary()["updated"], self.summary()["kept"]), (1, 1))
        source, destination = self.counted()
        self.mirror(source=source, destination=destination)
        for side, probes in ((source, 1), (destination, 0)):  # whether there is a referrers API
            self.assertEqual(len(side.requests("^HEAD")), 2, side.seen)
            self.assertEqual(len(side.requests("/referrers/")), probes, side.seen)
            self.assertLessEqual(len(side.requests()), 2 + 2 + probes, side.seen)

    def test_signatures_in_an_index(self):
        child = image("child", 1, 5_000)
        self.add("team/app", "2.0", index([child, image("other", architecture="arm64")]))
        self.sign(child)
        self.mirror()
        self.assertSame(["team/app"])
        self.sign(child, "signed twice")
        self.sign(self.app)
        self.mirror()
        self.assertSame(["team/app"])

    def test_an_image_that_is_left_out_leaves_its_signature_out(self):
        self.sign(self.app)
        other = self.add("team/app", "2.0", image("other"))
        self.sign(other)
        for options in (("--include-tag", "2.*"), ("--latest", "1"), ("--semver", ">=2")):
            for _ in range(2):
                self.mirror(*options)
                self.assertEqual(sorted(self.there("team/app")), ["2.0", signature_tag(other)])
        self.mirror("--exclude-tag", "sha256-*")
        self.assertSame(["team/app"])

    def test_a_single_tag_takes_its_own_signatures_along(self):
        self.sign(self.app)
        other = self.add("team/app", "2.0", image("other"))
        self.sign(other)
        words = "mirror", f"{self.source.host}/team/app:1.0", f"{self.destination.host}/team/app"
        self.ok(*words)
        self.assertEqual(sorted(self.there("team/app")), ["1.0", signature_tag(self.app)])
        self.sign(self.app, "signed twice")
        self.ok(*words)
        self.assertEqual(sorted(self.there("team/app")), ["1.0", signature_tag(self.app)])
        self.assertEqual(self.there("team/app")[signature_tag(self.app)],
                         self.tags_of(self.source, "team/app")[signature_tag(self.app)])

    def test_a_dry_run_foretells_their_bytes(self):
        signed = self.sign(self.app)
        self.sign(signed)
        bill = self.add("team/app", None, artifact(self.app, "application/x-sbom", bytes(900)))
        self.list_referrers(self.source, [bill])
        for _ in range(2):  # all of it, then what is new
            plan = self.ok("mirror", self.source.host, self.destination.host, "--dry-run", "--sizes", "--format",
                           "json")
            foretold = json.loads(plan.out.splitlines()[-1])
            self.mirror()
            self.assertEqual(foretold["bytes_ahead"], self.summary()["bytes"])
            self.assertGreater(foretold["bytes_ahead"], 0)
            another = self.add("team/app", None, artifact(self.app, "application/x-sbom", b"another"))
            self.list_referrers(self.source, [bill, another])

    def test_referrers_stay_behind_where_that_is_asked_for(self):
        self.sign(self.app)
        self.mirror("--no-referrers")
        self.assertEqual(list(self.there("team/app")), ["1.0"])
        self.mirror()
        self.assertSame(["team/app"])

    def test_a_plan_has_them(self):
        self.sign(self.app)
        self.mirror("--plan", "plan")
        self.assertEqual(len(self.read("plan").splitlines()), 1)
        words = "mirror", self.source.host, self.destination.host, "--apply", "plan"
        self.ok(*words)
        self.assertSame(["team/app"])
        self.sign(self.app, "signed twice")
        self.mirror("--plan", "plan")
        self.assertIn(signature_tag(self.app), self.read("plan").decode())
        self.ok(*words)
        self.assertSame(["team/app"])

    def test_a_plan_of_those_that_no_tag_tells(self):
        """Of a tag that is the same: what it costs is not known without a look, and what is planned is done."""
        self.mirror()
        bill = self.add("team/app", None, artifact(self.app, "application/x-sbom", bytes(900)))
        self.list_referrers(self.source, [bill])
        words = "mirror", self.source.host, self.destination.host
        for options in ([], ["--sizes"]):
            plan = self.ok(*words, "--dry-run", "--format", "json", *options).out.splitlines()
            tag, summary = [json.loads(line) for line in (plan[0], plan[-1])]
            self.assertEqual(tag["reason"], "new referrers")
            self.assertEqual((tag["bytes_ahead"] is None, summary["planned_of_unknown_size"]),
                             (False, 0) if options else (True, 1))
        self.assertGreaterEqual(tag["bytes_ahead"], 900)
        self.ok(*words, "--plan", "plan")
        self.assertEqual(self.ok(*words, "--apply", "plan").out.split()[:2], ["updated", "team/app:1.0"])
        listed = self.ok("referrers", "--format", "json", f"{self.destination.host}/team/app:1.0").json["referrers"]
        self.assertEqual([one["digest"] for one in listed], [bill.digest])

    def test_they_are_pruned_with_their_image(self):
        other = self.add("team/app", "2.0", image("other"))
        signed = [self.sign(self.app), self.sign(other)]
        self.mirror()
        for document in (self.app, signed[0]):
            self.source.ask("DELETE", f"/v2/team/app/manifests/{document.digest}")
        self.mirror()
        self.assertIn("1.0", self.there("team/app"))
        self.mirror("--prune", "--yes")
        self.assertEqual(sorted(self.there("team/app")), ["2.0", signature_tag(other)])

    def test_a_list_of_referrers_is_pruned_with_its_image(self):
        other = self.add("team/app", "2.0", image("other"))
        bills = [self.add("team/app", None, artifact(one, "application/x-sbom")) for one in (self.app, other)]
        signed = self.add("team/app", None, artifact(bills[0], "application/x-signature"))
        for subject, one in ((self.app, bills[0]), (other, bills[1]), (bills[0], signed)):
            self.add("team/app", subject.digest.replace(":", "-"), Document(
                {"schemaVersion": 2, "mediaType": INDEX, "manifests": [one.descriptor()]}, INDEX))
        self.mirror()
        lists = [one.digest.replace(":", "-") for one in (self.app, other, bills[0])]
        self.assertEqual(set(self.there("team/app")), {"1.0", "2.0", *lists})
        self.source.ask("DELETE", f"/v2/team/app/manifests/{self.app.digest}")
        self.mirror("--prune", "--yes")
        self.assertEqual(set(self.there("team/app")), {"2.0", lists[1]})
        for one in bills + [signed]:  # without a tag: the registry's garbage collection may remove them
            self.assertComplete(self.destination, "team/app", one.digest)

    def test_a_signature_that_only_the_destination_has_is_not_pruned(self):
        self.mirror()
        self.push(self.destination, "team/app", signature_tag(self.app), signature(self.app))
        self.mirror("--prune", "--yes")
        self.assertEqual(sorted(self.there("team/app")), ["1.0", signature_tag(self.app)])

    def test_referrers_by_the_fallback_tag(self):
        one = self.add("team/app", None, artifact(self.app, "application/x-sbom", b"a list"))
        self.add("team/app", self.app.digest.replace(":", "-"), Document(
            {"schemaVersion": 2, "mediaType": INDEX, "manifests": [
                one.descriptor(artifactType="application/x-sbom")]}, INDEX))
        self.mirror()
        self.assertComplete(self.destination, "team/app", one.digest)
        listed = [self.ok("referrers", "--format", "json", f"{side.host}/team/app:1.0").json["referrers"]
                  for side in (self.source, self.destination)]
        self.assertEqual(*listed)

    def list_referrers(self, registry, documents):
        """Writes the list that a client writes where there is no referrers API."""
        self.push(registry, "team/app", self.app.digest.replace(":", "-"), Document(
            {"schemaVersion": 2, "mediaType": INDEX, "manifests": [
                document.descriptor(artifactType="application/x-sbom") for document in documents]}, INDEX))

    def test_a_new_referrer_of_an_unchanged_image(self):
        self.mirror()
        all_of_them = []
        for text in (b"a list", b"another"):
            all_of_them.append(self.add("team/app", None, artifact(self.app, "application/x-sbom", text)))
            self.list_referrers(self.source, all_of_them)
            self.mirror()
            self.assertEqual((self.summary()["updated"], self.summary()["kept"]), (1, 0))
            for document in all_of_them:
                self.assertComplete(self.destination, "team/app", document.digest)
            listed = [self.ok("referrers", "--format", "json", f"{side.host}/team/app:1.0").json["referrers"]
                      for side in (self.source, self.destination)]
            self.assertEqual(*listed)
            source, destination = self.counted()
            self.mirror(source=source, destination=destination)
            self.assertEqual((self.summary()["updated"], self.summary()["kept"]), (0, 1))
            self.assertEqual(destination.requests("^(PUT|POST|PATCH)"), [])

    def test_a_new_referrer_leaves_the_tag_as_it_is(self):
        self.mirror()
        self.list_referrers(self.source, [self.add("team/app", None, artifact(self.app, "application/x-sbom"))])
        source, destination = self.counted()
        self.mirror(source=source, destination=destination)
        self.assertEqual(destination.requests("^PUT .*/manifests/1.0"), [])
        self.assertEqual(len(destination.requests("^PUT .*/manifests/sha256-")), 1)

    def test_a_list_of_referrers_that_are_gone_is_no_change(self):
        gone = self.add("team/app", None, artifact(self.app, "application/x-sbom"))
        self.list_referrers(self.source, [gone])
        self.source.ask("DELETE", f"/v2/team/app/manifests/{gone.digest}")
        for kept in (0, 1, 1):
            self.mirror()
            self.assertEqual(self.summary()["kept"], kept)


class VerifiedDestination(MirrorCase):
    """--verify-destination looks at what the destination has, and sends again what is gone or wrong."""

    def blob(self, root, digest):
        name = digest.removeprefix("sha256:")
        return os.path.join(root, "docker/registry/v2/blobs/sha256", name[:2], name, "data")

    def parts(self, name, tag):
        """Of an image at the source: the digests of its manifest, its config and its layers."""
        text = self.ok("manifest", "get", f"{self.source.host}/{name}:{tag}").out
        manifest = json.loads(text)
        digest = self.ok("digest", f"{self.source.host}/{name}:{tag}").out.strip()
        return digest, manifest["config"]["digest"], [layer["digest"] for layer in manifest["layers"]]

    def mirror(self, place, *options):
        self.ok("mirror", "--report", "report", self.source.host, place, *options)
        lines = [json.loads(line) for line in self.read("report").decode().splitlines()]
        return {(one["source"], one["tag"]): one["reason"] for one in lines
                if one["type"] == "tag" and one["outcome"] == "updated"}

    def test_what_is_wrong_in_a_tree_is_sent_again(self):
        self.fill()
        root = self.path("out")
        place = f"v2-storage:{root}"
        self.mirror(place)
        config = self.parts("single", "1.0")[1]
        shared = self.parts("team/app", "1.0")[2][0]
        with open(self.blob(root, shared), "r+b") as file:  # as long as before
            file.write(b"damaged")
        os.remove(self.blob(root, config))
        self.assertEqual(self.mirror(place), {})
        with open(self.blob(root, self.parts("team/base", "1.1")[0]), "wb") as file:
            file.write(b"{}")
        reasons = {"damaged at the destination", "broken at the destination"}
        plan = self.ok("mirror", "--dry-run", "--verify-destination", "--format", "json", self.source.host, place).out
        found = {(row["source"], row["tag"]) for row in map(json.loads, plan.splitlines())
                 if row.get("reason") in reasons}
        self.assertLessEqual({("single", "1.0"), ("team/app", "1.0"), ("team/base", "1.1")}, found)
        # A blob that one repository sends again may be whole when the next one is looked at.
        updated = self.mirror(place, "--verify-destination")
        self.assertEqual(set(updated.values()), reasons)
        self.assertLessEqual(set(updated), found)
        self.ok("audit", "--deep", place)
        self.assertEqual(self.mirror(place, "--verify-destination"), {})

    def test_what_is_gone_from_a_registry_is_sent_again(self):
        self.fill(names=("single",))
        self.mirror(self.destination.host)
        _, _, layers = self.parts("single", "1.0")
        os.remove(self.blob(self.destination.root, layers[-1]))
        self.assertEqual(self.mirror(self.destination.host), {})
        updated = self.mirror(self.destination.host, "--verify-destination")
        self.assertEqual(updated, {("single", "1.0"): "damaged at the destination"})
        self.assertComplete(self.destination, "single", "1.0")
        self.assertEqual(self.mirror(self.destination.host, "--verify-destination"), {})

    def test_a_plan_of_what_is_gone_sends_it_again(self):
        self.fill(names=("single",))
        self.mirror(self.destination.host)
        os.remove(self.blob(self.destination.root, self.parts("single", "1.0")[2][-1]))
        words = "mirror", self.source.host, self.destination.host
        plan = self.ok(*words, "--verify-destination", "--dry-run", "--sizes", "--format", "json").out.splitlines()
        damaged = [row for row in map(json.loads, plan) if row.get("damaged")]
        self.assertEqual([(row["tag"], row["bytes_ahead"], row["images_ahead"]) for row in damaged],
                         [("1.0", None, None)])
        self.ok(*words, "--verify-destination", "--plan", "plan")
        self.ok(*words, "--apply", "plan")
        self.assertComplete(self.destination, "single", "1.0")

    def test_a_registry_that_keeps_a_wrong_blob_is_told(self):
        """distribution keeps the file that it has, whatever is uploaded, until that is removed."""
        self.fill(names=("single",), tags=("1.0", "2.0"))
        self.mirror(self.destination.host)
        layer = self.parts("single", "1.0")[2][-1]
        with open(self.blob(self.destination.root, layer), "r+b") as file:
            file.truncate(10)
        done = self.regctl("mirror", "--verify-destination", self.source.host, self.destination.host)
        self.assertEqual(done.code, 10, done.err)
        self.assertIn("is damaged, and stays so when it is sent again", done.err)
        os.remove(self.blob(self.destination.root, layer))
        self.mirror(self.destination.host, "--verify-destination")
        self.assertComplete(self.destination, "single", "1.0")

    def test_a_manifest_that_is_gone_from_a_registry_is_sent_again(self):
        """That of one platform: distribution serves the index, and says nothing."""
        self.fill(names=("single",))
        self.mirror(self.destination.host)
        child = json.loads(self.ok("manifest", "get", f"{self.source.host}/single:2.0").out)["manifests"][1]["digest"]
        self.destination.ask("DELETE", f"/v2/single/manifests/{child}")
        self.assertEqual(self.mirror(self.destination.host), {})
        options = "--verify-destination", "--immutable-tags", "*"
        self.assertEqual(self.mirror(self.destination.host, *options),
                         {("single", "2.0"): "damaged at the destination"})
        self.assertComplete(self.destination, "single", "2.0")
        self.assertEqual(self.mirror(self.destination.host, *options), {})

    def test_what_is_asked_of_a_registry(self):
        """Each manifest is read, and each blob asked for once in each repository; of the source no more is asked."""
        self.fill()
        self.mirror(self.destination.host)
        source, destination = self.counted()
        self.ok("mirror", "--verify-destination", source.host, destination.host)
        self.assertEqual(source.requests("/blobs/|^GET .*/manifests/"), [])
        asked = destination.requests("/blobs/")
        self.assertEqual(len(asked), len(set(asked)), sorted(asked))
        names = {name: {blob["digest"] for tag in TAGS for blob in self.blobs_of(name, tag)} for name in NAMES}
        self.assertEqual(set(asked), {f"HEAD /v2/{name}/blobs/{digest}" for name, blobs in names.items()
                                      for digest in blobs})
        read = destination.requests("^GET .*/manifests/")
        self.assertEqual(len(read), len(NAMES) * (len(TAGS) + 2), read)  # the last tag is an index of two

    def blobs_of(self, name, reference):
        """Of an image of the source, or of all in an index."""
        accept = {"Accept": ",".join(MANIFEST_TYPES)}
        document = json.loads(self.source.ask("GET", f"/v2/{name}/manifests/{reference}", headers=accept)[2])
        if "manifests" not in document:
            return [document["config"], *document["layers"]]
        return [blob for child in document["manifests"] for blob in self.blobs_of(name, child["digest"])]

    def test_a_wrong_blob_of_its_size_is_found_by_verify_alone(self):
        """A registry tells sizes, and no sums; reading all is for `verify --deep`."""
        self.fill(names=("single",), tags=("1.0", "2.0"))
        self.mirror(self.destination.host)
        layer = self.parts("single", "1.0")[2][-1]
        with open(self.blob(self.destination.root, layer), "r+b") as file:
            file.write(b"damaged")
        self.assertEqual(self.mirror(self.destination.host, "--verify-destination"), {})
        found = self.regctl("verify", "--deep", self.destination.host, "--format", "json")
        self.assertEqual(found.code, 7, found.err)
        self.assertEqual([row["tag"] for row in found.json if row["verdict"] != "sound"], ["1.0"])
        os.remove(self.blob(self.destination.root, layer))
        self.assertEqual(set(self.mirror(self.destination.host, "--verify-destination")), {("single", "1.0")})
        self.ok("verify", "--deep", self.source.host, self.destination.host)


if __name__ == "__main__":
    main()
