#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Images of protocol v1 on their way to v2: what every tag of the recorded trees becomes, told by tests/data/conversion
from an independent converter, wherever the image comes from and goes to."""

import collections
import gzip
import hashlib
import json
import os
import random
import shutil
import subprocess
import sys
import tarfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from harness import DATA, FaultServer, Layer, RegctlServer, ROOT, main, make_archive, wait_for  # noqa: E402
from mirror_case import Serving  # noqa: E402
from storage_tree import StorageTree  # noqa: E402
from trees import IN_BUCKET, not_in_bucket  # noqa: E402
from v2_case import V2Case  # noqa: E402
from v2_registry import V2Registry, failure, status  # noqa: E402

GOLDEN = os.path.join(ROOT, "tests", "data", "conversion")
FORMS = ("oci", "docker")
TREES = ("odd", "pushed", "wild")
PARTIAL = 10
SEED = 20140612
# Of images without any other layer; it is made, whether the old tree has it or not.
EMPTY_LAYER = "sha256:a3ed95caeb02ffe68cdd9fd84406680ae93d633cb16422d00e8a7c22955b46d4"
NOBODY = 65534
ROUNDS = int(os.environ.get("REGCTL_ROUNDS", "8"))
# Has two sums, of which a registry tells one: that one is wrong.
TOLD_WRONG_SUM = "odd/sum-one-of-two"


class Golden:
    """What one tag must become."""

    def __init__(self, line):
        self.line = json.loads(line)
        self.repository = self.line["repository"].removeprefix("library/")
        self.tag, self.image = self.line["tag"], self.line["image"]
        self.is_broken = self.line["verdict"] == "broken"

    def digest(self, form):
        return self.line[form]["manifest_digest"]

    def __str__(self):
        return f"{self.repository}:{self.tag}"


def read_golden(name):
    with open(os.path.join(GOLDEN, f"golden-{name}.jsonl"), encoding="utf-8") as file:
        return [Golden(line) for line in file]


def sum_of(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


class ConvertCase(V2Case):
    _in_bucket = {}  # name → StorageTree, for all tests: they only read it, and to copy it takes seconds there

    def setUp(self):
        super().setUp()
        self._recorded = self._in_bucket if IN_BUCKET else {}

    def recorded(self, name):
        """A recorded tree of v1 images."""
        if name not in self._recorded:
            source = os.path.join(GOLDEN if name == "odd" else DATA, f"tree-{name}")
            folder = f"/v1-{name}" if IN_BUCKET else self.path(f"v1-{name}")
            self._recorded[name] = StorageTree.recorded(folder, source)
        return self._recorded[name]

    def tree(self, name):
        """The same as a place."""
        return self.recorded(name).place

    def records(self):
        return [json.loads(line) for line in self.read("report").decode().splitlines()]

    def outcomes(self):
        """Of the last run, by "repository:tag"."""
        return {f"{one['source'].removeprefix('library/')}:{one['tag']}": one for one in self.records()
                if one["type"] == "tag"}

    def tags_in_tree(self, folder):
        """The tags of a tree of distribution, each with its digest; each manifest is what its digest says. What a kill
        leaves in _uploads is no part of the tree: distribution clears it."""
        found = {}
        root = self.path(f"{folder}/docker/registry/v2/repositories")
        for path, folders, files in os.walk(root):
            folders[:] = [name for name in folders if name != "_uploads"]
            if path.endswith("/current") and "link" in files:
                repository, _, rest = os.path.relpath(path, root).partition("/_manifests/tags/")
                digest = self.read(os.path.join(path, "link")).decode()
                self.assertEqual(sum_of(self.blob_in_tree(folder, digest)), digest)
                found[f"{repository}:{rest.removesuffix('/current')}"] = digest
        return found

    def blob_in_tree(self, folder, digest):
        name = digest.removeprefix("sha256:")
        return self.read(f"{folder}/docker/registry/v2/blobs/sha256/{name[:2]}/{name}/data")

    def assertGolden(self, name, form, found):
        """All that can be converted is there under its digest, and nothing else."""
        expected = {str(one): one.digest(form) for one in read_golden(name) if not one.is_broken}
        self.assertEqual(found, expected)


@not_in_bucket("only files have links")
class InPlace(ConvertCase):
    """Layers that stay as they are, from tree to tree, are links to the files of the first."""

    def files(self, folder):
        """Every file below a folder by its path, with inode, mode, owner and content."""
        found = {}
        for path, _, names in os.walk(self.path(folder)):
            for name in names:
                file = os.path.join(path, name)
                status = os.stat(file)
                with open(file, "rb") as opened:
                    found[os.path.relpath(file, self.path(folder))] = (
                        status.st_ino, status.st_mode, status.st_uid, sum_of(opened.read()))
        return found

    def named(self, folder, end):
        return {path: one for path, one in self.files(folder).items() if path.endswith(end)}

    def layer_digests(self, folder):
        """The layers of all manifests in a tree of distribution."""
        found = set()
        for one in self.tags_in_tree(folder).values():
            found |= {layer["digest"] for layer in json.loads(self.blob_in_tree(folder, one))["layers"]}
        return found

    def split(self, source, folder):
        """The sums of layers that are files of the source too, and of those that are not."""
        inodes = {one[0] for one in self.named(source, "/layer").values()}
        blobs = {one[3]: one[0] for one in self.named(folder, "/data").values()}
        used = self.layer_digests(folder)
        return ({text for text in used if blobs[text] in inodes}, {text for text in used if blobs[text] not in inodes})

    def test_layers_become_links_and_the_old_tree_stays(self):
        for form, name in (("oci", "odd"), ("docker", "odd"), ("oci", "pushed")):
            words = "mirror", "--to-format", form, self.tree(name), f"v2-storage:{self.path(f'{name}-{form}')}"
            source, folder = f"v1-{name}", f"{name}-{form}"
            before = self.files(source)
            self.assertIn(self.regctl(*words).code, (0, PARTIAL))
            linked, written = self.split(source, folder)
            kept = {one[3] for path, one in before.items() if path.endswith("/layer")}
            self.assertTrue(linked)
            self.assertLessEqual(written & kept, {EMPTY_LAYER})
            self.assertEqual(self.files(source), before)
            first = self.files(folder)
            self.assertIn(self.regctl(*words).code, (0, PARTIAL))
            self.assertEqual(self.files(folder), first)
            self.assertFalse([path for path in first if ".part" in path])
            self.ok("audit", "--deep", f"v2-storage:{self.path(folder)}")

    def test_copy_makes_links_too(self):
        self.ok("copy", f"{self.tree('pushed')}:team/demo-1.9.1:latest",
                f"v2-storage:{self.path('out')}:team/demo:1")
        linked, written = self.split("v1-pushed", "out")
        self.assertTrue(linked)
        self.assertFalse(written)

    def test_what_the_server_could_not_read_is_copied_and_that_is_said(self):
        if os.geteuid() != 0:
            self.skipTest("a tree of our own user is read by a server of our own user")
        tree = self.tree("pushed")
        for path in self.named("v1-pushed", "/layer"):
            os.chmod(self.path(f"v1-pushed/{path}"), 0o600)
        before = self.files("v1-pushed")
        done = self.ok("mirror", "--include", "team/demo-1.9.1", tree, f"v2-storage:{self.path('out')}")
        said = "are copied, and not taken over where they lie: their modes let nobody but their owner read them"
        self.assertEqual(done.err.count(said), 1, done.err)
        linked, written = self.split("v1-pushed", "out")
        self.assertFalse(linked)
        self.assertTrue(written)
        self.assertEqual(self.files("v1-pushed"), before)

    def test_between_two_file_systems_they_are_copied(self):
        os.makedirs(self.path("other"))
        done = subprocess.run(["mount", "-t", "tmpfs", "tmpfs", self.path("other")], stderr=subprocess.PIPE,
                              check=False)
        self.assertEqual(done.returncode, 0, f"this test has to be root: {done.stderr.decode()}")
        self.addCleanup(subprocess.run, ["umount", "-l", self.path("other")], check=True)
        self.assertCopied("other", "they are on two file systems")

    def test_a_file_with_as_many_links_as_can_be_is_copied(self):
        tree = self.tree("pushed")
        limit = os.pathconf(self.path("v1-pushed"), "PC_LINK_MAX")
        if not 1000 < limit < 100_000:
            self.skipTest("a file may have any number of links here, or it takes too many to find out")
        os.mkdir(self.path("links"))
        layers = self.layers_of("team/demo-1.9.1")
        first = self.path(f"v1-pushed/images/{layers[0]}/layer")
        try:
            for number in range(os.stat(first).st_nlink, limit):
                os.link(first, self.path(f"links/{number}"))
        except OSError as error:
            self.skipTest(f"a file may have fewer links than its file system says: {error}")
        done = self.ok("mirror", "-j", "1", "--include", "team/demo-1.9.1", tree, f"v2-storage:{self.path('out')}")
        said = "are copied, and not taken over where they lie: a file has as many links as its file system allows"
        self.assertEqual(done.err.count(said), 1, done.err)
        linked, written = self.split("v1-pushed", "out")
        self.assertEqual(len(written), 1)
        self.assertTrue(linked)
        self.assertEqual(os.stat(first).st_nlink, limit)
        self.ok("audit", "--deep", f"v2-storage:{self.path('out')}")

    def layers_of(self, repository):
        """The images of a tag of the recorded tree whose layers have entries, base first."""
        one = next(one for one in read_golden("pushed") if one.repository == repository)
        return [step["id"] for step in one.line["chain"] if not step["empty"]]

    def test_what_the_kernel_lets_only_its_owner_link_is_copied(self):
        if os.geteuid() != 0:
            self.skipTest("only root can become somebody else")
        with open("/proc/sys/fs/protected_hardlinks", encoding="ascii") as setting:
            if setting.read().strip() != "1":
                self.skipTest("the kernel lets everybody link everything")
        self.recorded("pushed")
        for folder in (self.folder, self.home):
            os.chmod(folder, 0o777)
        os.mkdir(self.path("out"))
        os.chown(self.path("out"), NOBODY, NOBODY)
        try:
            self.ok("version", user=NOBODY, group=NOBODY, extra_groups=())
        except PermissionError:
            self.skipTest("nobody cannot reach the program")
        self.assertCopied("out", "the kernel lets only their owner link them (fs.protected_hardlinks)", user=NOBODY,
                          group=NOBODY, extra_groups=())

    def assertCopied(self, folder, saying, **who):
        """All layers are copied, which is said once, before; and the old tree stays."""
        tree = self.tree("pushed")
        before = self.files("v1-pushed")
        done = self.ok("mirror", "-j", "1", "--include", "team/demo-1.9.1", tree, f"v2-storage:{self.path(folder)}",
                       **who)
        self.assertEqual(done.err.count(f"are copied, and not taken over where they lie: {saying}"), 1, done.err)
        linked, written = self.split("v1-pushed", folder)
        self.assertFalse(linked)
        self.assertTrue(written)
        self.assertEqual(self.files("v1-pushed"), before)
        self.ok("audit", "--deep", f"v2-storage:{self.path(folder)}")

    def test_a_wrong_blob_is_replaced_by_a_link(self):
        words = "mirror", "--include", "team/demo-1.9.1", self.tree("pushed"), f"v2-storage:{self.path('out')}"
        self.ok(*words)
        linked, before = self.split("v1-pushed", "out")[0], self.files("v1-pushed")
        for path, one in self.named("out", "/data").items():
            if one[3] in linked:
                os.remove(self.path(f"out/{path}"))
                self.write(f"out/{path}", b"x" * 20)
        shutil.rmtree(self.path("out/docker/registry/v2/repositories"))
        self.ok(*words)
        self.assertEqual(self.split("v1-pushed", "out"), (linked, set()))
        self.assertEqual(self.files("v1-pushed"), before)
        self.ok("audit", "--deep", f"v2-storage:{self.path('out')}")

    def test_killed_again_and_again_it_ends_whole(self):
        tree = self.tree("pushed")
        words = "mirror", "-q", tree, f"v2-storage:{self.path('out')}"
        before, audit = self.files("v1-pushed"), self.regctl("audit", "--deep", tree).out
        moments = random.Random(SEED)
        for _ in range(ROUNDS):
            process = self.start_regctl(*words)
            try:
                process.communicate(timeout=moments.uniform(0.01, 0.3))
            except subprocess.TimeoutExpired:
                process.kill()
                process.communicate()
        self.assertEqual(self.regctl(*words).code, PARTIAL)  # an upload in the old tree was never completed
        self.assertGolden("pushed", "oci", self.tags_in_tree("out"))
        self.assertEqual(self.files("v1-pushed"), before)
        self.assertEqual(self.regctl("audit", "--deep", tree).out, audit)
        self.ok("audit", "--deep", f"v2-storage:{self.path('out')}")

    def test_distribution_serves_the_new_tree(self):
        self.ok("mirror", "--exclude", "team/dead:half", self.tree("pushed"), f"v2-storage:{self.path('out')}")
        registry = self.distribution(data=self.path("out"))
        expected = {str(one): one.digest("oci") for one in read_golden("pushed") if not one.is_broken}
        for name, digest in expected.items():
            self.assertEqual(self.ok("digest", f"{registry.host}/{name}").out.strip(), digest)
        done = self.ok("verify", "--deep", registry.host)
        self.assertNotIn("broken", done.out)


class Rules(ConvertCase):
    def test_the_form_can_be_changed(self):
        for form in ("oci", "docker", "oci"):
            self.ok("mirror", "--to-format", form, "--include", "team/demo-*", "--report", "report",
                    self.tree("pushed"), f"v2-storage:{self.path('out')}")
            expected = {str(one): one.digest(form) for one in read_golden("pushed")
                        if one.repository.startswith("team/demo-")}
            self.assertEqual(self.tags_in_tree("out"), expected)

    def test_the_form_in_a_mirror_file(self):
        golden = [one for one in read_golden("pushed") if one.repository == "team/demo-1.9.1"]
        self.write("mirror.yml", "version: 1\nmirrors:\n"
                   f"  - source: {self.tree('pushed')}\n    destination: v2-storage:{self.path('out')}\n"
                   "    repositories: [team/demo-1.9.1]\n    to_format: docker\n")
        self.fails(2, "mirror", "--config", "mirror.yml", "--to-format", "docker", saying="--to-format is a rule")
        self.ok("mirror", "--config", "mirror.yml")
        self.assertEqual(self.tags_in_tree("out"), {str(one): one.digest("docker") for one in golden})

    def test_a_plan_in_a_form(self):
        golden = [one for one in read_golden("pushed") if one.repository == "team/demo-1.9.1"]
        words = "mirror", "--to-format", "docker", self.tree("pushed"), f"v2-storage:{self.path('out')}"
        self.ok(*words, "--include", "team/demo-1.9.1", "--plan", "plan")
        self.ok(*words, "--apply", "plan")
        self.assertEqual(self.tags_in_tree("out"), {str(one): one.digest("docker") for one in golden})

    def test_a_state_that_is_lost_costs_only_work(self):
        words = ("mirror", "--to-format", "docker", "--include", "team/demo-1.9.1", "--report", "report", "--state",
                 "state", self.tree("pushed"), f"v2-storage:{self.path('out')}")
        for expected in ("copied", "kept", "updated"):
            self.ok(*words)
            self.assertEqual({one["outcome"] for one in self.outcomes().values()}, {expected})
            if expected == "kept":
                os.remove(self.path("state"))
        self.assertEqual(self.tags_in_tree("out"), {str(one): one.digest("docker") for one in read_golden("pushed")
                                                    if one.repository == "team/demo-1.9.1"})

    def mirrored(self, there, state):
        """The outcomes of a run to a registry that is played, and its requests for what the repository has."""
        there.log.clear()
        self.ok("mirror", "--include", "team/demo-*", "--report", "report", "--state", state,
                self.tree("pushed"), there.host)
        asked = [(one.method, one.path.split("/")[4]) for one in there.log if "/team/demo-" in one.path]
        return {one["outcome"] for one in self.outcomes().values()}, collections.Counter(asked)

    def test_what_a_tag_was_made_from_takes_one_request_or_without_a_state_two(self):
        there = self.registry()
        golden = [one for one in read_golden("pushed") if one.repository.startswith("team/demo-")]
        repositories, count = len({one.repository for one in golden}), len(golden)
        images = len({one.image for one in golden})
        self.assertGreater(repositories, 1)
        lists = {("GET", "tags"): repositories}
        self.assertEqual(self.mirrored(there, "state")[0], {"copied"})
        self.assertEqual(self.mirrored(there, "state"), ({"kept"}, lists | {("HEAD", "manifests"): count}))
        self.assertEqual(self.mirrored(there, "other"),
                         ({"kept"}, lists | {("GET", "manifests"): count, ("GET", "blobs"): images}))
        self.assertEqual(self.mirrored(there, "other"), ({"kept"}, lists | {("HEAD", "manifests"): count}))

    def test_an_image_that_was_built_on_a_converted_one_is_another(self):
        """Tools that add or replace a layer, or change a setting, keep the annotations of the manifest."""
        there, name = self.registry(), "team/demo-1.9.1"
        self.mirrored(there, "state")
        converted = dict(there.tags[name])

        def built(digest, change):
            manifest = json.loads(there.manifests[name][digest][1])
            config = json.loads(there.blobs[name][manifest["config"]["digest"]])
            change(manifest, config)
            text = json.dumps(config, ensure_ascii=False, separators=(",", ":"))
            text = text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e").encode()
            manifest["config"].update(digest=sum_of(text), size=len(text))
            document = json.dumps(manifest, separators=(",", ":")).encode()
            there.blobs[name][manifest["config"]["digest"]] = text
            result = sum_of(document)
            there.manifests[name][result] = (manifest["mediaType"], document)
            return result

        def add_layer(manifest, config):
            manifest["layers"].append(manifest["layers"][0])
            config["rootfs"]["diff_ids"].append(config["rootfs"]["diff_ids"][0])
            config["history"].append({"created_by": "one more"})

        def add_unknown_layer(manifest, config):
            manifest["layers"].append(manifest["layers"][0])
            config["rootfs"]["diff_ids"].append(config["rootfs"]["diff_ids"][0])

        def add_label(_, config):
            config["config"] = {**config.get("config", {}), "Labels": {"changed": "yes"}}

        def replace_base(size):
            def change(manifest, config):
                manifest["layers"][0].update(digest=sum_of(b"other"), size=manifest["layers"][0]["size"] + size)
                config["rootfs"]["diff_ids"][0] = sum_of(b"other tar")
            return change

        def replace_time(_, config):
            config["history"][0]["created"] = "2020-01-01T00:00:00Z"

        def replace_author(_, config):
            config["history"][0]["author"] = "somebody else"

        def add_annotation(manifest, _):
            manifest["annotations"]["org.opencontainers.image.base.name"] = "base"

        def nothing(*_):
            pass

        updated, kept = {"updated"}, {"kept"}
        for number, (change, expected) in enumerate((
                (add_layer, updated), (add_unknown_layer, updated), (add_label, updated), (replace_base(-1), updated),
                (replace_base(1), updated), (replace_time, updated), (replace_author, updated),
                (add_annotation, updated), (nothing, kept))):
            for state in ("state", f"state-{number}"):
                there.tags[name].update({tag: built(digest, change) for tag, digest in converted.items()})
                self.mirrored(there, state)
                self.assertEqual({one["outcome"] for one in self.outcomes().values() if one["source"] == name},
                                 expected, number)
                self.assertEqual(there.tags[name], converted)
        # An equal size shows only where it is known what the layer became.
        there.tags[name].update({tag: built(digest, replace_base(0)) for tag, digest in converted.items()})
        self.mirrored(there, "state")
        self.assertEqual(there.tags[name], converted)

    def test_without_a_state_nothing_is_moved_again(self):
        """Not even of images whose layers were compressed anew, which shows in their sizes alone."""
        for name in TREES:
            golden = read_golden(name)
            for expected in ("copied", "kept"):
                self.regctl("mirror", "--report", "report", "--state", f"{name}-{expected}", self.tree(name),
                            f"v2-storage:{self.path(name)}")
                outcomes = self.outcomes()
                self.assertEqual({str(one): outcomes[str(one)]["outcome"] for one in golden if not one.is_broken},
                                 {str(one): expected for one in golden if not one.is_broken})
            self.assertGolden(name, "oci", self.tags_in_tree(name))

    def test_an_image_that_the_state_has_lost_is_asked_what_it_was_made_from(self):
        words = ("mirror", "--include", "team/demo-*", "--report", "report", "--state", "state", self.tree("pushed"),
                 f"v2-storage:{self.path('out')}")
        self.ok(*words)
        lines = self.read("state").splitlines(keepends=True)
        self.write("state", b"".join(line for line in lines if b"=oci" not in line))
        self.ok(*words)
        self.assertEqual({one["outcome"] for one in self.outcomes().values()}, {"kept"})

    def test_layers_that_the_state_knows_are_not_read_again(self):
        golden = [one for one in read_golden("pushed") if one.repository == "team/demo-1.9.1"]
        place = f"v2-storage:{self.path('out')}"
        for form in FORMS:
            words = ("mirror", "--to-format", form, "--include", "team/demo-1.9.1", "--report", "report", "--state",
                     "state", self.tree("pushed"), place)
            self.ok(*words)
            for is_known in (True, False):
                for one in golden:
                    self.ok("rm", f"{place}:{one}")
                if not is_known:
                    os.remove(self.path("state"))
                self.ok(*words)
                self.assertEqual({one["outcome"] for one in self.outcomes().values()}, {"copied"})
                self.assertEqual(self.records()[-1]["bytes"] == 0, is_known)
                self.assertEqual(self.tags_in_tree("out"), {str(one): one.digest(form) for one in golden})

    def test_a_json_that_has_changed_under_a_known_layer_is_noticed(self):
        files, place = StorageTree(self.path("tree")), f"v2-storage:{self.path('out')}"
        base, top = files.add_chain("app", 2)
        files.tag("team/app", "1", top)
        words = "mirror", files.place, place, "--report", "report", "--map", "map", "--state", "state"
        self.ok(*words)
        path = files.image_file(top, "json")
        files.write(path, json.dumps({**json.loads(files.read(path)), "author": "somebody else"}))
        files.tag("team/app", "2", top)
        self.assertEqual(self.regctl(*words).code, PARTIAL)
        self.assertEqual({name: one["outcome"] for name, one in self.outcomes().items()},
                         {"team/app:1": "kept", "team/app:2": "failed"})
        line = next(line for line in map(json.loads, self.read("map").splitlines()) if line["tag"] == "2")
        self.assertEqual((line["reason"], line["culprit"]), ("checksum-mismatch", top))

    def test_a_dry_run_writes_nothing(self):
        done = self.ok("mirror", "--dry-run", "--report", "report", self.tree("odd"), f"v2-storage:{self.path('out')}")
        self.assertEqual(self.records()[-1]["to_copy"], len(read_golden("odd")), done.err)
        self.assertFalse(os.path.exists(self.path("out/docker/registry/v2/blobs")))

    def test_what_nothing_proves_is_doubtful(self):
        doubtful = [one for one in read_golden("odd") if one.line["verdict"] == "doubtful"]
        self.assertTrue(doubtful)
        for one in doubtful:
            words = "mirror", "--include", one.repository, "--report", "report", self.tree("odd")
            place = f"v2-storage:{self.path('out')}"
            strict = self.regctl(*words, place, "--require-checksum")
            self.assertEqual(strict.code, 7, strict.err)
            self.assertNotIn(str(one), self.tags_in_tree("out"))
            self.assertIn(f"{one.image[:12]} is doubtful", self.ok(*words, place).err)
            self.assertEqual(self.tags_in_tree("out")[str(one)], one.digest("oci"))

    def test_names_that_v2_refuses(self):
        tree = StorageTree.recorded(self.path("tree"), "tree-pushed")
        one = next(one for one in read_golden("pushed") if one.repository == "team/demo-1.9.1")
        for name in ("team/Demo", "team/__demo", "Team/demo"):
            tree.tag(name, one.tag, one.image)
            words = "mirror", "--include", name, tree.place, f"v2-storage:{self.path('out')}"
            refused = self.regctl(*words)
            self.assertEqual(refused.code, 2, refused.err)
            self.assertIn(f"no v2 registry takes the name {name}", refused.err)
            self.assertIn(f"--rename '{name}=team/demo'", refused.err)
            planned = self.regctl(*words, "--dry-run")
            self.assertEqual(planned.code, 2, planned.err)
            self.assertIn("1 repository failed", planned.out)
            self.assertIn(f"--rename '{name}=team/demo'", planned.err)
            self.assertEqual(self.tags_in_tree("out"), {})
        self.ok("mirror", "--include", "team/Demo", "--rename", "team/Demo=team/demo", tree.place,
                f"v2-storage:{self.path('out')}")
        self.assertEqual(self.tags_in_tree("out"), {f"team/demo:{one.tag}": one.digest("oci")})
        self.fails(2, "copy", f"{tree.place}:team/Demo:{one.tag}", f"v2-storage:{self.path('out')}:team/Demo:1",
                   saying="no v2 registry takes the name team/Demo")


class WholeTree(ConvertCase):
    """Of neither tree a repository is named."""

    def setUp(self):
        super().setUp()
        self.files = StorageTree(self.path("tree"))
        self.chain = self.files.add_chain("app", 3)
        for name, image in (("team/app", self.chain[2]), ("other/base", self.chain[0])):
            self.files.tag(name, "1.0", image)

    def test_all_repositories_are_copied(self):
        self.ok("copy", self.files.place, f"v2-storage:{self.path('out')}")
        self.assertEqual(sorted(self.tags_in_tree("out")), ["other/base:1.0", "team/app:1.0"])
        other = StorageTree(self.path("other"))
        self.ok("copy", self.files.place, other.place)
        self.assertEqual(other.tags("team/app"), {"1.0": self.chain[2]})

    def test_the_image_that_ends_it_is_named(self):
        layer = self.files.image_file(self.chain[2], "layer")
        self.files.write(layer, self.files.files.read(layer)[:-20])
        for kind in ("v1", "v2"):
            self.fails(7, "copy", self.files.place, f"{kind}-storage:{self.path(f'out-{kind}')}",
                       saying=["while copying tag ", "team/app:1.0", "'regctl mirror' passes over"])

    def test_a_tag_that_cannot_be_read_is_not_left_out(self):
        self.files.write("repositories/team/app/tag_2.0", "rubbish")
        for kind in ("v1", "v2"):
            self.fails(7, "copy", self.files.place, f"{kind}-storage:{self.path(f'out-{kind}')}", saying="team/app:2.0")

    def test_names_have_no_host(self):
        self.files.tag("my.ns/app", "1.0", self.chain[0])
        self.files.tag("team/Demo", "1.0", self.chain[1])
        other = StorageTree(self.path("other"))
        self.ok("copy", self.files.place, other.place)
        self.assertEqual((other.tags("my.ns/app"), other.tags("team/Demo")),
                         ({"1.0": self.chain[0]}, {"1.0": self.chain[1]}))
        self.fails(2, "copy", self.files.place, f"v2-storage:{self.path('out')}",
                   saying="no v2 registry takes the name team/Demo")
        self.files.remove("repositories/team/Demo/tag_1.0")
        self.ok("copy", self.files.place, f"v2-storage:{self.path('out')}")
        self.assertEqual(sorted(self.tags_in_tree("out")), ["my.ns/app:1.0", "other/base:1.0", "team/app:1.0"])


class OnTheWay(ConvertCase):
    """From a registry whose answers are changed on their way."""

    def test_a_layer_with_a_wrong_byte_is_read_once_more(self):
        server = self.start(FaultServer)
        layers = make_archive(self.path("app.tar"), ["a", "b"], 200_000)
        image = f"{server.host}/team/app:1.0"
        self.ok("push", "app.tar", image)
        self.ok("copy", image, f"oci:{self.path('sound')}:1.0")
        wrong = {"method": "GET", "path": f"{layers[-1].id}/layer$", "action": "corrupt", "at": 99}
        server.control({**wrong, "times": 1})
        done = self.ok("copy", image, f"oci:{self.path('repeated')}:1.0")
        self.assertIn(f"the layer of image {layers[-1].id[:12]} is not what was promised; moving it once more", done.err)
        self.assertEqual(self.read("repeated/index.json"), self.read("sound/index.json"))
        server.control(wrong)
        before = len(server.log("GET", f"{layers[-1].id}/layer"))
        self.fails(7, "copy", image, f"oci:{self.path('none')}:1.0", saying=layers[-1].id[:12])
        self.assertEqual(len(server.log("GET", f"{layers[-1].id}/layer")) - before, 2)


class Planned(ConvertCase):
    """The forecast of a conversion, compared with the run that follows."""

    def setUp(self):
        super().setUp()
        self.files = StorageTree(self.path("tree"))
        chain = self.files.add_chain("app", 3)
        self.tops = {"1.0": chain[-1], "2.0": self.files.add_image("new", chain[-1], size=30_000)}
        for tag, top in self.tops.items():
            self.files.tag("team/app", tag, top)
        self.files.tag("team/base", "1", chain[0])
        self.layers = sum(len(self.files.files.read(self.files.image_file(identity, "layer")))
                          for identity in (*chain, self.tops["2.0"]))

    def plan(self, source, to, *options):
        """The records of a dry run's tags by tag, and its summary."""
        self.ok("mirror", "--dry-run", source, to, "--report", "report", *options)
        *tags, summary = self.records()
        return {one["tag"]: one for one in tags}, summary

    def run_mirror(self, source, to, *options):
        self.ok("mirror", "-j", "1", source, to, "--report", "report", *options)
        return self.records()[-1]

    def assertForetold(self, plan, run):
        self.assertEqual((plan["planned_of_unknown_images"], plan["planned_of_unknown_size"]), (0, 0))
        self.assertEqual((plan["to_copy"], plan["images_ahead"], plan["bytes_ahead"]),
                         (run["copied"], run["images"], run["bytes"]))

    def test_from_a_tree_to_a_tree(self):
        for form in FORMS:
            to = f"v2-storage:{self.path(form)}"
            options = "--to-format", form, "--state", f"state-{form}"
            tags, plan = self.plan(self.files.place, to, *options)
            self.assertForetold(plan, self.run_mirror(self.files.place, to, *options))
            self.assertEqual((plan["bytes_ahead"], plan["images_ahead"]), (self.layers, 4))
            self.assertEqual(sum(one["bytes_ahead"] for one in tags.values()), self.layers)
            self.assertGreater(tags["2.0"]["bytes_ahead"], 30_000)
            # A layer that the state names, and the tree has, is not read again.
            for tag in self.tops:
                self.ok("rm", f"{to}:team/app:{tag}")
            _, plan = self.plan(self.files.place, to, *options)
            self.assertEqual((plan["to_copy"], plan["images_ahead"], plan["bytes_ahead"]), (2, 0, 0))
            self.assertForetold(plan, self.run_mirror(self.files.place, to, *options))
            # But a tree that lost it gets it anew.
            shutil.rmtree(self.path(form))
            _, plan = self.plan(self.files.place, to, *options)
            self.assertEqual(plan["bytes_ahead"], self.layers)
            self.assertForetold(plan, self.run_mirror(self.files.place, to, *options))

    def test_of_a_registry_sizes_are_asked_for(self):
        source = self.start(Serving, storage=self.files.folder)
        registry = self.registry()
        tags, plan = self.plan(source.host, registry.host)
        self.assertEqual({one["bytes_ahead"] for one in tags.values()}, {None})
        self.assertEqual(plan["planned_of_unknown_size"], 3)
        self.assertEqual([one for one in source.requests() if "/images/" in one], [])
        words = source.host, registry.host, "--state", "state"
        _, plan = self.plan(*words, "--sizes")
        self.assertEqual(plan["bytes_ahead"], self.layers)
        source.forget_requests(), registry.log.clear()
        self.assertForetold(plan, self.run_mirror(*words))
        wait_for(lambda: len(self.made(source, registry)) >= plan["requests_ahead"], "the log's last lines")
        self.assertEqual(len(self.made(source, registry)), plan["requests_ahead"], self.made(source, registry))
        for tag in self.tops:
            self.ok("rm", f"{registry.host}/team/app:{tag}")
        _, plan = self.plan(*words, "--sizes")
        self.assertEqual((plan["to_copy"], plan["bytes_ahead"]), (2, 0))
        self.assertForetold(plan, self.run_mirror(*words))

    @staticmethod
    def made(source, registry):
        """Requests, but for pings, for those that ask whether a repository is private, and for mounts."""
        of_registry = [f"{one.method} {one.path}" for one in registry.log]
        return [one for one in source.requests() + of_registry
                if one not in ("GET /v2/", "GET /v1/_ping") and "/properties" not in one and "mount=" not in one]

    def test_what_is_not_known_is_a_lower_bound(self):
        self.files.remove(self.files.image_file(self.tops["1.0"], "layer"))
        tags, plan = self.plan(self.files.place, f"v2-storage:{self.path('out')}")
        self.assertEqual((tags["1.0"]["bytes_ahead"], plan["planned_of_unknown_size"]), (None, 2))
        self.assertGreater(plan["bytes_ahead"], 30_000)
        self.assertEqual(tags["1"]["bytes_ahead"], len(self.files.files.read(
            self.files.image_file(json.loads(self.files.read("images", self.tops["2.0"], "ancestry"))[-1], "layer"))))


class Killed(ConvertCase):
    @not_in_bucket("the fault server serves a folder")
    def test_what_a_killed_run_has_learnt_is_known_to_the_next(self):
        files = StorageTree(self.path("tree"))
        chain = files.add_chain("app", 3)
        files.tag("team/app", "1.0", chain[-1])
        source, there = self.start(FaultServer, "--storage", self.path("tree")), self.registry()
        words = "mirror", source.host, there.host, "--state", "state", "--jobs", "1"
        source.control({"method": "GET", "path": f"{chain[2]}/layer$", "action": "stall", "after": 10})
        process = self.start_regctl(*words)
        wait_for(lambda: source.log("GET", f"{chain[2]}/layer"), "the last layer")
        process.kill()
        process.communicate()
        self.assertFalse(os.path.exists(self.path("state")))
        source.control("clear")
        before = len(source.log("GET", "/layer"))
        self.ok(*words)
        self.assertEqual([one["path"].split("/")[3] for one in source.log("GET", "/layer")[before:]], [chain[2]])
        self.assertEqual(list(there.tags["team/app"]), ["1.0"])
        self.assertFalse(os.path.exists(self.path("state.new")))


class Platforms(ConvertCase):
    """The platform of images that do not tell theirs is what the user says it is."""

    def setUp(self):
        super().setUp()
        self.files = StorageTree(self.path("tree"))
        base = self.files.add_image("base")
        for tag, more in (("untold", {}), ("told", {"architecture": "386", "os": "linux"})):
            self.files.tag("team/app", tag, self.files.add_image(tag, base, more=more))

    def platforms(self, place):
        """Of both tags."""
        found = {}
        for tag in ("untold", "told"):
            config = self.ok("inspect", "--config", f"{place}:team/app:{tag}").json
            found[tag] = "/".join(config[name] for name in ("os", "architecture", "variant") if name in config)
        return found

    def test_of_a_mirror(self):
        place = f"v2-storage:{self.path('out')}"
        words = "mirror", "--report", "report", self.files.place, place
        usual = {"untold": "linux/amd64", "told": "linux/386"}
        named = {"untold": "linux/arm/v7", "told": "linux/386"}
        for number, (options, outcome, expected) in enumerate((
                (("--platform", "linux/arm/v7"), "copied", named), (("--platform", "linux/arm/v7"), "kept", named),
                ((), "updated", usual), ((), "kept", usual),
                (("--platform", "linux/arm/v7,linux/386"), "kept", usual))):
            for state in ((), ("--state", f"other-{number}")) if outcome == "kept" else ((),):
                self.ok(*words, *options, *state)
                self.assertEqual({tag: one["outcome"] for tag, one in self.outcomes().items()},
                                 {"team/app:untold": outcome,
                                  "team/app:told": "kept" if outcome == "updated" else outcome})
                self.assertEqual(self.platforms(place), expected)

    def test_of_a_copy(self):
        self.ok("copy", "--platform", "linux/arm64", f"{self.files.place}:team/app:untold", "oci:layout:x")
        self.assertEqual(self.ok("inspect", "--config", "oci:layout:x").json["architecture"], "arm64")


class Refusing(ConvertCase):
    """Registries that know Docker's manifests alone."""

    class Old(V2Registry):
        status, code = 415, "UNSUPPORTED"

        def put_manifest(self, handler, name, reference):
            if handler.headers["Content-Type"].startswith("application/vnd.oci."):
                return failure(self.status, self.code)
            return super().put_manifest(handler, name, reference)

    def old(self, status, code):
        registry = self.Old()
        registry.status, registry.code = status, code
        self.addCleanup(registry.stop)
        return registry

    def test_they_get_images_in_docker_s_form(self):
        golden = [one for one in read_golden("pushed") if one.repository.startswith("team/demo-")]
        for status, code in ((415, "UNSUPPORTED"), (400, "MANIFEST_INVALID")):
            there = self.old(status, code)
            for outcome in ("copied", "kept"):
                there.log.clear()
                done = self.ok("mirror", "--include", "team/demo-*", "--report", "report", "--state", f"state-{code}",
                               self.tree("pushed"), there.host)
                self.assertEqual({one["outcome"] for one in self.outcomes().values()}, {outcome})
                said = "takes no images in OCI's form: they get Docker's there"
                self.assertEqual(done.err.count(said), 1 if outcome == "copied" else 0, done.err)
                self.assertEqual({f"{name}:{tag}": digest for name, tags in there.tags.items()
                                  for tag, digest in tags.items()}, {str(one): one.digest("docker") for one in golden})
            self.assertEqual([one for one in there.log if one.method != "GET" and one.method != "HEAD"], [])

    def test_copy_too(self):
        one = next(one for one in read_golden("pushed") if one.repository == "team/demo-1.9.1")
        there = self.old(415, "UNSUPPORTED")
        done = self.ok("copy", f"{self.tree('pushed')}:{one}", f"{there.host}/{one}")
        self.assertIn("takes no images in OCI's form", done.err)
        self.assertEqual(there.tags[one.repository], {one.tag: one.digest("docker")})

    def test_what_refuses_both_is_told(self):
        one = next(one for one in read_golden("pushed") if one.repository == "team/demo-1.9.1")
        there = self.registry()
        there.on("PUT", "/manifests/", status(415, "UNSUPPORTED"))
        self.fails(9, "copy", f"{self.tree('pushed')}:{one}", f"{there.host}/{one}",
                   saying="does not take manifests of the type application/vnd.docker")


class Unverified(ConvertCase):
    """Layers of which no sum is recorded: what they become is up to their bytes."""

    def setUp(self):
        super().setUp()
        self.files = StorageTree(self.path("tree"))

    def add(self, seed, parent, layer):
        identity = self.files.add_image(seed, parent, layer)
        self.files.remove(f"images/{identity}/_checksum")
        return identity

    @not_in_bucket("the fault server serves a folder")
    def test_what_holds_nothing_is_empty_and_what_follows_gzip_is_left_out(self):
        """From a tree and from a registry alike. The digests are the independent converter's."""
        base = self.files.add_image("base")
        for tag, layer in (("none", b""), ("zeros", bytes(1000)), ("tail", Layer("tail", 500).data + b"more text")):
            self.files.tag("team/app", tag, self.add(tag, base, layer))
        self.files.tag("team/app", "empty", self.add("empty", None, b""))
        expected = {
            "team/app:empty": "sha256:dae126f0c2210f2a99edf646dcf8b497ff9198f6160650b56428d5a6bba9efee",
            "team/app:none": "sha256:430a591a3ab98fdf0c4a4d099a5a75f7372d6d0864be21b39b6c46c4e6a68cb1",
            "team/app:tail": "sha256:ca60bcd71f685fdca6a859ee41749d21663251205c5b1df5464f8672cf6949d5",
            "team/app:zeros": "sha256:0055034e73b1e26346714b357cc8ffd0f168ce19c3272f920e8fcdd95ee040c8"}
        server = self.start(FaultServer, "--storage", self.path("tree"))
        for number, place in enumerate((self.files.place, server.host)):
            done = self.ok("mirror", place, f"v2-storage:{self.path(f'out-{number}')}")
            self.assertIn("put right on its way: trailing-bytes", done.err)
            self.assertEqual(self.tags_in_tree(f"out-{number}"), expected)

    @not_in_bucket("the fault server serves a folder")
    def test_a_layer_that_images_share_is_read_once_in_a_run(self):
        """By several mirrors of a file too, and by four threads."""
        base = [self.add("base", None, Layer("base", 5_000).data)]
        base.append(self.add("middle", base[0], Layer("middle", 5_000).data))
        names = [f"team-{team}/app-{number}" for team in range(2) for number in range(4)]
        for name in names:
            for tag in ("1.0", "2.0"):
                self.files.tag(name, tag, self.add(name + tag, base[1], Layer(name + tag, 500).data))
        source, there = self.start(FaultServer, "--storage", self.path("tree")), self.registry()
        self.write("mirrors.yaml", "version: 1\nmirrors:\n" + "".join(
            f"  - source: {source.host}/team-{team}/\n    destination: {there.host}\n" for team in range(2)))
        plan = self.ok("mirror", "--config", "mirrors.yaml", "--dry-run", "--sizes", "--format", "json").out
        foretold = json.loads(plan.splitlines()[-1])["bytes_ahead"]
        self.ok("mirror", "--config", "mirrors.yaml", "--jobs", "4", "--report", "report")
        self.assertEqual(self.records()[-1]["bytes"], foretold)
        read = collections.Counter(record["path"] for record in source.log("GET", "/layer"))
        self.assertEqual(set(read.values()), {1}, read)
        self.assertEqual(len(read), 2 + 2 * len(names))
        self.assertEqual({name: sorted(tags) for name, tags in there.tags.items()},
                         {name: ["1.0", "2.0"] for name in names})

    def test_elsewhere_such_layers_are_damaged(self):
        self.files.tag("team/app", "1", self.add("none", None, b""))
        copy = StorageTree(self.path("copy"))
        self.fails(7, "copy", f"{self.files.place}:team/app:1", f"{copy.place}:team/app:1", saying="has no bytes")
        self.assertIn("layer", self.regctl("audit", "--deep", self.files.place).out)


class EarlierRuns(ConvertCase):
    @not_in_bucket("the fault server serves a folder")
    def test_a_layer_that_another_repository_got_is_mounted_from_there(self):
        files = StorageTree(self.path("tree"))
        base = files.add_image("base")
        rows = (("team/app", [], 1), ("team/new", [201], 1), ("team/newest", [202], 2))
        for name, _, _ in rows:
            files.tag(name, "1.0", files.add_image(name, base))
        source, there = self.start(FaultServer, "--storage", self.path("tree")), self.registry()
        for name, mounts, reads in rows:
            self.ok("mirror", f"{source.host}/{name}", f"{there.host}/{name}")
            mounted = there.requests("POST", f"/{name}/.*mount=")
            self.assertEqual([one.status for one in mounted], mounts)
            self.assertEqual(len(source.log("GET", f"/{base}/layer")), reads)
            self.assertEqual(list(there.tags[name]), ["1.0"])
            if name == "team/new":  # from now on nobody has it
                for layer in json.loads(there.manifests[name][there.tags[name]["1.0"]][1])["layers"]:
                    for blobs in there.blobs.values():
                        blobs.pop(layer["digest"], None)


class Rescue(ConvertCase):
    """Of an image with a damaged layer, what lies below that."""

    def setUp(self):
        super().setUp()
        self.files = StorageTree(self.path("tree"))
        self.chain = self.files.add_chain("app", 4)
        self.files.tag("team/app", "1.0", self.chain[-1])
        self.files.tag("team/base", "2", self.chain[1])
        self.to = f"v2-storage:{self.path('out')}"

    def damage(self, number):
        layer = self.files.image_file(self.chain[number], "layer")
        self.files.write(layer, self.files.files.read(layer)[:-20])

    def mirror(self, *options, code=PARTIAL):
        done = self.regctl("mirror", self.files.place, self.to, "--report", "report", "--map", "map", "--rescue",
                           *options)
        self.assertEqual(done.code, code, done.err)
        return done

    def test_the_layers_below_a_cut_one(self):
        self.ok("mirror", self.files.place, f"v2-storage:{self.path('sound')}")
        self.damage(2)
        sound = self.tags_in_tree("sound")
        for _ in range(2):
            done = self.mirror()
            self.assertIn("2 of 4 layers", done.err)
            self.assertEqual(self.tags_in_tree("out"), {"team/base:2": sound["team/base:2"],
                                                        "team/app:1.0-rescued": sound["team/base:2"]})
            self.assertRescued()
        self.assertNotIn("team/app:1.0", self.tags_in_tree("out"))

    def assertRescued(self):
        """So the report says, and the map."""
        mapped = next(line for line in map(json.loads, self.read("map").splitlines()) if line["source"] == "team/app")
        for line in (self.outcomes()["team/app:1.0"], mapped):
            self.assertEqual((line["outcome"], line.get("rescued")), ("failed", "1.0-rescued"))

    def test_a_second_run_moves_nothing(self):
        self.damage(2)
        for form in FORMS:
            registry = self.registry()
            self.to = registry.host
            for is_first in (True, False):
                registry.log.clear()
                self.mirror("--to-format", form, "--state", f"state-{form}")
                self.assertRescued()
                put = {one.path for one in registry.log if one.method == "PUT"}  # what was sound, or nothing
                self.assertEqual("/v2/team/app/manifests/1.0-rescued" in put, is_first, put)
                self.assertEqual(bool(put), is_first, put)

    def test_what_a_destination_refuses_is_no_damage(self):
        registry = self.registry()
        layer = self.files.files.read(self.files.image_file(self.chain[2], "layer"))
        registry.on("PUT", hashlib.sha256(layer).hexdigest(), status(400, "DENIED"))
        self.to = registry.host
        self.mirror()
        self.assertEqual(set(registry.tags), {"team/base"})
        mapped = next(line for line in map(json.loads, self.read("map").splitlines()) if line["source"] == "team/app")
        for line in (self.outcomes()["team/app:1.0"], mapped):
            self.assertEqual((line["outcome"], line["verdict"], line.get("rescued")), ("failed", None, None))

    def test_nothing_below_the_base_and_nothing_without_damage(self):
        self.damage(0)
        self.mirror(code=7)
        self.assertEqual(self.tags_in_tree("out"), {})

    def test_a_tag_of_the_source_is_not_replaced(self):
        self.damage(2)
        self.files.tag("team/app", "1.0-rescued", self.chain[0])
        self.mirror()
        first, second = (self.tags_in_tree("out")[name] for name in ("team/app:1.0-rescued", "team/base:2"))
        self.assertNotEqual(first, second)

    @not_in_bucket("a bucket has no folders and mounts")
    def test_the_layers_below_one_that_is_not_there_or_cannot_be_read(self):
        self.ok("mirror", self.files.place, f"v2-storage:{self.path('sound')}")
        sound = self.tags_in_tree("sound")["team/base:2"]
        layer = self.files.image_file(self.chain[2], "layer")
        self.files.remove(layer)
        self.assertPartSaved(sound, "layer-missing")
        os.mkdir(self.files.path(layer))
        self.assertPartSaved(sound, "layer-unreadable")
        os.rmdir(self.files.path(layer))
        self.files.write(layer, b"x")
        self.unreadable(layer)
        self.assertPartSaved(sound, "layer-unreadable")

    def unreadable(self, layer):
        """Puts something in the layer's place that can be opened, and gives no byte."""
        path = self.files.path(layer)
        done = subprocess.run(["mount", "--bind", "/sys/class/net/lo/speed", path], stderr=subprocess.PIPE, check=False)
        self.assertEqual(done.returncode, 0, f"this test has to be root: {done.stderr.decode()}")
        self.addCleanup(subprocess.run, ["umount", "-l", path], check=True)

    def assertPartSaved(self, sound, reason):
        """By mirror, with and without a map, and by copy."""
        for options in (("--map", "map"), ()):
            self.to = f"v2-storage:{self.path(f'{reason}-{len(os.listdir(self.folder))}')}"
            done = self.regctl("mirror", self.files.place, self.to, "--report", "report", "--rescue", *options)
            self.assertEqual(done.code, PARTIAL, done.err)
            self.assertIn("2 of 4 layers", done.err)
            record = self.outcomes()["team/app:1.0"]
            self.assertEqual((record["outcome"], record["verdict"], record.get("rescued")),
                             ("failed", "broken", "1.0-rescued"), record)
            self.assertEqual(self.tags_in_tree(self.to.partition(":")[2]),
                             {"team/base:2": sound, "team/app:1.0-rescued": sound})
        line = next(line for line in map(json.loads, self.read("map").splitlines()) if line["source"] == "team/app")
        self.assertEqual((line["reason"], line["culprit"], line["verdict"]), (reason, self.chain[2], "broken"))
        layout = f"oci:layout-{len(os.listdir(self.folder))}"
        done = self.regctl("copy", "--rescue", f"{self.files.place}:team/app:1.0", f"{layout}:x")
        self.assertNotEqual(done.code, 0)
        self.assertIn("2 of 4 layers", done.err)
        self.assertEqual(self.ok("digest", f"{layout}:x-rescued").out.strip(), sound)

    @not_in_bucket("a bucket has no folders and mounts")
    def test_a_disk_that_gives_nothing_is_no_damage(self):
        for identity in self.chain:
            path = self.files.path(f"images/{identity}/json")
            os.remove(path), os.mkdir(path)
        self.mirror(code=6)
        self.assertEqual(self.tags_in_tree("out"), {})

    def test_a_full_destination_is_no_damage(self):
        """Layers are read, but cannot be written."""
        os.makedirs(self.path("small"))
        self.files.tag("team/app", "1.0", self.files.add_image("large", self.chain[1], size=2_000_000))
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", self.path("small")], check=True)
        self.addCleanup(subprocess.run, ["umount", "-l", self.path("small")], check=True)
        self.to = f"v2-storage:{self.path('small')}"
        done = self.mirror("-j", "1")
        self.assertNotIn("sound", done.err)
        self.assertEqual(list(self.tags_in_tree("small")), ["team/base:2"])
        line = next(line for line in map(json.loads, self.read("map").splitlines()) if line["source"] == "team/app")
        self.assertEqual((line["verdict"], line.get("reason")), (None, None))
        self.assertIsNone(self.outcomes()["team/app:1.0"]["verdict"])

    def test_copy_brings_what_is_sound(self):
        self.damage(3)
        source = f"{self.files.place}:team/app:1.0"
        self.fails(7, "copy", source, "oci:layout:x")
        for place in ("oci:layout:x", "oci-archive:image.tar:x", f"{self.to}:team/app:x"):
            self.fails(7, "copy", "--rescue", source, place, saying="3 of 4 layers")
            self.assertTrue(self.ok("digest", f"{place}-rescued").out)
            self.fails(3, "digest", place)

    def test_the_rule_in_a_mirror_file(self):
        self.damage(2)
        self.write("mirror.yml", f"version: 1\nmirrors:\n  - source: {self.files.place}\n    destination: {self.to}\n"
                   "    rescue: true\n")
        self.assertEqual(self.regctl("mirror", "--config", "mirror.yml").code, PARTIAL)
        self.assertIn("team/app:1.0-rescued", self.tags_in_tree("out"))


class Private(ConvertCase):
    """Repositories that are private at the source."""

    def setUp(self):
        super().setUp()
        self.files = StorageTree(self.path("tree"))
        top = self.files.add_chain("app", 2)[-1]
        for name in ("team/open", "team/secret"):
            self.files.tag(name, "1", top)
        self.files.write("repositories/team/secret/_private", "")

    def sources(self):
        return self.files.place, self.start(RegctlServer, storage=self.path("tree")).host

    def test_not_published_without_yes(self):
        for source in self.sources():
            registry = self.distribution()
            for dry in (("--dry-run",), ()):
                done = self.regctl("mirror", source, registry.host, *dry)
                self.assertEqual(done.code, PARTIAL, done.err)
                self.assertIn("team/secret is private at", done.err)
                self.assertIn(f"everybody can read what is at {registry.host}", done.err)
                self.assertIn("--yes publishes it; --exclude 'team/secret' leaves it out", done.err)
            self.assertEqual(self.tags_of(registry, "team/secret"), {})
            self.assertEqual(list(self.tags_of(registry, "team/open")), ["1"])
            done = self.ok("mirror", source, registry.host, "--yes")
            self.assertIn("team/secret is private at", done.err)
            self.assertEqual(list(self.tags_of(registry, "team/secret")), ["1"])

    def test_said_where_nobody_reads_without_credentials(self):
        registry = self.distribution(users={"bob": "secret"})
        self.ok("login", registry.host, "-u", "bob", "--password-stdin", stdin=b"secret")
        for place in (registry.host, f"v2-storage:{self.path('out')}"):
            done = self.ok("mirror", self.files.place, place)
            self.assertIn("team/secret is private at", done.err)
            self.assertIn("is up to the settings of its registry", done.err)

    @not_in_bucket("the fault server serves a folder")
    def test_a_registry_that_does_not_tell_is_not_believed_to_have_none(self):
        source = self.start(FaultServer, "--storage", self.path("tree"))
        rule = {"method": "GET", "path": "/properties$", "action": "status"}
        for status, body in ((403, ""), (401, ""), (200, "<html>")):
            registry = self.distribution()
            source.control("clear")
            source.control({**rule, "status": status, "body": body})
            words = "mirror", source.host, registry.host, "--include", "team/open"
            done = self.regctl(*words)
            self.assertEqual(done.code, 2, done.err)
            self.assertIn(f"{source.host} does not tell whether team/open is private, and everybody", done.err)
            self.assertIn("--yes publishes it; --exclude 'team/open' leaves it out", done.err)
            self.assertEqual(self.tags_of(registry, "team/open"), {})
            self.assertIn("does not tell whether team/open is private", self.ok(*words, "--yes").err)
            self.assertEqual(list(self.tags_of(registry, "team/open")), ["1"])

    @not_in_bucket("the fault server serves a folder")
    def test_a_registry_that_knows_no_private_repositories(self):
        source, registry = self.start(FaultServer, "--storage", self.path("tree")), self.distribution()
        source.control({"method": "GET", "path": "/properties$", "action": "status", "status": 404})
        self.assertNotIn("private", self.ok("mirror", source.host, registry.host, "--include", "team/open").err)

    def test_allowed_in_a_mirror_file(self):
        registry = self.distribution()
        self.write("mirror.yml", f"version: 1\nmirrors:\n  - source: {self.files.place}\n"
                   f"    destination: {registry.host}\n    publish_private: true\n")
        self.ok("mirror", "--config", "mirror.yml")
        self.assertEqual(list(self.tags_of(registry, "team/secret")), ["1"])


class Copies(ConvertCase):
    """Single images."""

    def sound(self, name, count):
        """Every n-th of those that can be converted, so that there are about `count`."""
        golden = [one for one in read_golden(name) if not one.is_broken]
        return golden[::max(1, len(golden) // count)]

    def test_an_archive_of_v1_images_has_the_config_of_a_conversion(self):
        for one in read_golden("pushed"):
            if one.is_broken:
                continue
            with self.subTest(str(one)):
                archive = self.path("image.tar")
                self.ok("copy", f"{self.tree('pushed')}:{one}", f"docker-archive:{archive}")
                with tarfile.open(archive) as opened:
                    named = json.load(opened.extractfile("manifest.json"))[0]["Config"]
                    config = opened.extractfile(named).read()
                self.assertEqual((named, config.decode()),
                                 (one.line["config_digest"].removeprefix("sha256:") + ".json", one.line["config"]))
                os.remove(archive)

    def test_an_archive_of_version_0_1_is_known_by_its_folders(self):
        with gzip.open(os.path.join(DATA, "saved-by-regctl-0.1.tar.gz")) as saved:
            self.write("old.tar", saved.read())
        one = next(one for one in read_golden("pushed") if str(one) == "mixed:latest")
        with tarfile.open(self.path("old.tar")) as opened:
            self.assertNotEqual(json.load(opened.extractfile("manifest.json"))[0]["Config"],
                                one.line["config_digest"].removeprefix("sha256:") + ".json")
        tree = StorageTree(self.path("new"))
        self.ok("copy", "docker-archive:old.tar", f"{tree.place}:mixed:latest")
        self.assertEqual(tree.read("repositories/library/mixed/tag_latest"), one.image)

    def test_to_a_layout_and_an_archive(self):
        for name in TREES:
            for one in self.sound(name, 6):
                for form in FORMS:
                    words = "copy", "--to-format", form, f"{self.tree(name)}:{one}"
                    self.ok(*words, f"oci:layout-{form}:x{one.image[:12]}")
                    self.ok(*words, f"oci-archive:{one.image}-{form}.tar:x")
                    for place in (f"oci:layout-{form}:x{one.image[:12]}", f"oci-archive:{one.image}-{form}.tar:x"):
                        self.assertEqual(self.ok("digest", place).out.strip(), one.digest(form), one)
                        if form == "oci":  # skopeo 1.9 finds nothing else in a layout
                            self.assertEqual(self.skopeo_digest(place), one.digest(form), one)

    def test_all_tags_at_once(self):
        self.ok("copy", "--all-tags", f"{self.tree('pushed')}:team/demo-1.9.1", f"v2-storage:{self.path('out')}:app")
        self.assertEqual(self.tags_in_tree("out"), {f"app:{one.tag}": one.digest("oci") for one in read_golden("pushed")
                                                    if one.repository == "team/demo-1.9.1"})

    def test_damage_that_only_a_checksum_tells(self):
        one = next(one for one in read_golden("odd") if one.line.get("reason") == "checksum-mismatch")
        words = "copy", f"{self.tree('odd')}:{one}", "oci:layout:x"
        self.fails(7, *words, saying=one.line["culprit"][:12])
        rescued = self.ok(*words, "--no-verify", "--format", "json")
        self.assertFalse(rescued.json["tags"][0]["verified"])
        self.assertTrue(self.ok("digest", "oci:layout:x").out)

    def test_a_broken_image_leaves_nothing(self):
        for one in read_golden("odd"):
            if one.is_broken:
                done = self.regctl("copy", f"{self.tree('odd')}:{one}", "oci:layout:x")
                self.assertNotEqual(done.code, 0, one)
                self.assertIn(one.line["culprit"][:12], done.err)
        self.assertEqual(json.loads(self.read("layout/index.json"))["manifests"]
                         if os.path.exists(self.path("layout/index.json")) else [], [])

    def test_what_is_there_is_not_moved_again(self):
        one = self.sound("pushed", 3)[1]
        words = "copy", "--format", "json", f"{self.tree('pushed')}:{one}", f"v2-storage:{self.path('out')}:team/app:1"
        first, again = (self.ok(*words) for _ in range(2))
        self.assertGreater(first.json["images"], 0)
        self.assertEqual((again.json["images"], again.json["bytes"]), (0, 0))
        self.assertIn("was made from this image already", again.err)
        self.assertEqual(first.json["tags"], again.json["tags"])
        self.assertEqual(self.tags_in_tree("out"), {"team/app:1": one.digest("oci")})


class Registries(ConvertCase):
    """From a v1 registry to distribution."""

    def test_all_of_a_registry(self):
        destination = self.distribution()
        for name in ("pushed", "odd"):
            source = self.start(RegctlServer, storage=self.recorded(name).folder)
            golden = [one for one in read_golden(name) if one.repository != TOLD_WRONG_SUM]
            for expected in ("copied", "kept"):
                self.regctl("mirror", source.host, destination.host, "--exclude", TOLD_WRONG_SUM, "--report", "report")
                outcomes = self.outcomes()
                self.assertEqual({str(one): outcomes[str(one)]["outcome"] for one in golden},
                                 {str(one): "failed" if one.is_broken else expected for one in golden})
            self.assertEqual({str(one): self.tags_of(destination, one.repository).get(one.tag) for one in golden},
                             {str(one): None if one.is_broken else one.digest("oci") for one in golden})

    def test_what_skopeo_makes_of_it(self):
        source = self.start(RegctlServer, storage=self.recorded("pushed").folder)
        destination = self.distribution()
        for form in FORMS:
            self.regctl("mirror", source.host, f"{destination.host}/{form}/", "--to-format", form)
            for one in read_golden("pushed"):
                if one.is_broken or not one.repository.startswith("team/"):
                    continue
                repository = f"{form}/{one.repository}"
                self.assertEqual(self.assertComplete(destination, repository, one.tag), one.digest(form))
                self.skopeo_copy(f"docker://{destination.host}/{repository}:{one.tag}", f"dir:{self.path('pulled')}")
                self.assertEqual(sum_of(self.read("pulled/manifest.json")), one.digest(form))


if __name__ == "__main__":
    main()
