// SPDX-License-Identifier: Apache-2.0
#include "support/failure.hpp"
#include "support/temporary_folder.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/hash.hpp>
#include <regctl/base/parallel.hpp>
#include <regctl/formats/v1_image_writer.hpp>
#include <regctl/formats/v1_storage.hpp>
#include <regctl/model/v1/chain.hpp>
#include <regctl/model/v1/image.hpp>
#include <regctl/model/v1/repository.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <map>
#include <thread>
#include <utility>

using namespace regctl;
using namespace std::chrono_literals;
using test::failure;
using test::TemporaryFolder;

namespace {

using Ids = std::vector<std::string>;
using JsonOutcome = V1Storage::ImageWriter::JsonOutcome;
using State = V1ImageState;

std::string id_of(int number) {
  auto text = std::to_string(number);
  return std::string(64 - text.size(), '0') + text;
}

std::string json_of(const std::string& id, const std::string& parent = "") {
  return R"({"id":")" + id + "\"" + (parent.empty() ? "" : R"(,"parent":")" + parent + "\"") + "}";
}

struct Fixture {
  TemporaryFolder folder;
  std::shared_ptr<V1Storage> storage =
      V1Storage::open(folder.path().string(), V1Storage::Missing::create);

  /// Stores an image, complete.
  void put(const std::string& id, const std::string& parent = "", const std::string& bytes = "x") {
    const auto writer = storage->write_image(id, 0ms);
    REQUIRE(writer);
    REQUIRE(writer->put_json(json_of(id, parent)) == JsonOutcome::stored);
    const auto layer = writer->start_layer();
    layer->write(as_bytes(bytes));
    layer->commit();
    writer->complete();
  }

  void write(const std::string& path, const std::string& text) {
    std::filesystem::create_directories((folder / path).parent_path());
    std::ofstream(folder / path) << text;
  }

  std::string read(const std::string& path) { return read_file(folder / path, 1'000'000); }
};

} // namespace

TEST_SUITE_BEGIN("formats/v1_storage/v1_storage");

TEST_CASE("only a tree is opened, and only an empty folder becomes one") {
  using Missing = V1Storage::Missing;
  const TemporaryFolder folder;
  const auto open = [&](const std::string& name, Missing missing) {
    return V1Storage::open((folder / name).string(), missing);
  };
  CHECK(failure([&] { open("none", Missing::error); }) == ErrorKind::not_found);
  CHECK(open("a/b/new", Missing::create));
  CHECK(failure([&] { open("a/b/new", Missing::error); }) == ErrorKind::not_found); // still empty
  std::filesystem::create_directories(folder / "disk/lost+found");
  CHECK(open("disk", Missing::create));
  std::filesystem::create_directories(folder / "photos/cats");
  CHECK(failure([&] { open("photos", Missing::create); }) == ErrorKind::protocol);
  std::filesystem::create_directories(folder / "half/images");
  CHECK(open("half", Missing::error));
}

TEST_CASE_FIXTURE(Fixture, "an image is complete once its checksum was right") {
  const auto id = id_of(1);
  const auto path = "images/" + id;
  CHECK(storage->image_state(id) == State::absent);
  {
    const auto writer = storage->write_image(id, 0ms);
    CHECK(failure([&] { static_cast<void>(writer->put_json(json_of(id_of(2)))); }) ==
          ErrorKind::protocol);
    CHECK_FALSE(writer->start_layer());
    CHECK(writer->put_json(json_of(id, id_of(9))) == JsonOutcome::no_parent); // no such parent
    REQUIRE(writer->put_json(json_of(id)) == JsonOutcome::stored);
    CHECK(storage->image_state(id) == State::in_progress);
    CHECK(storage->is_marked(id));
    CHECK_FALSE(storage->find_image(id));
    {
      const auto layer = writer->start_layer();
      layer->write(as_bytes("half"));
    }
    CHECK_FALSE(std::filesystem::exists(folder / (path + "/layer")));
    const auto layer = writer->start_layer();
    layer->write(as_bytes("whole"));
    const auto sum = layer->commit();
    Sha256 expected;
    expected.update(as_bytes(json_of(id) + "\nwhole"));
    CHECK(sum == "sha256:" + expected.finish_hex());
    CHECK(writer->is_right(sum));
    CHECK_FALSE(writer->is_right("sha256:0"));
    CHECK(storage->image_state(id) == State::in_progress);
    writer->complete();
  }
  const auto image = storage->find_image(id);
  REQUIRE(image);
  CHECK(image->json == json_of(id));
  CHECK(image->layer_size_bytes == 5);
  CHECK(image->payload_checksums.size() == 1);
  CHECK(read(path + "/ancestry") == "[\"" + id + "\"]");
  CHECK(read(path + "/_checksum") == "[\"" + image->payload_checksums[0] + "\"]");
}

TEST_CASE_FIXTURE(Fixture, "a new JSON removes the recorded checksum") {
  const auto id = id_of(1);
  put(id);
  const auto sums = storage->checksums(id);
  const auto writer = storage->write_image(id, 0ms);
  REQUIRE(writer->put_json(json_of(id)) == JsonOutcome::stored);
  CHECK(writer->is_right(sums[0])); // the same one: layer and sum stay
  REQUIRE(writer->put_json(json_of(id) + " ") == JsonOutcome::stored);
  CHECK_FALSE(writer->is_right(sums[0]));
  CHECK(storage->image_state(id) == State::in_progress);
}

TEST_CASE_FIXTURE(Fixture, "the final ancestry is right even if a parent's first JSON was wrong") {
  put(id_of(1));
  const auto parent = storage->write_image(id_of(2), 0ms);
  REQUIRE(parent->put_json(json_of(id_of(2))) ==
          JsonOutcome::stored); // damaged: it lost its parent
  const auto child = storage->write_image(id_of(3), 0ms);
  REQUIRE(child->put_json(json_of(id_of(3), id_of(2))) == JsonOutcome::stored);
  REQUIRE(parent->put_json(json_of(id_of(2), id_of(1))) == JsonOutcome::stored);
  for (const auto& writer : {parent.get(), child.get()}) {
    writer->start_layer()->commit();
    writer->complete();
  }
  CHECK(storage->ancestry(id_of(3)) == Ids{id_of(3), id_of(2), id_of(1)});
}

TEST_CASE_FIXTURE(Fixture, "a second writer waits, here and in other processes") {
  const auto id = id_of(1);
  auto first = storage->write_image(id, 0ms);
  CHECK_FALSE(storage->write_image(id, 30ms));
  // A tree that is opened again stands for another process: its locks are its own.
  const auto other = V1Storage::open(folder.path().string());
  CHECK_FALSE(other->write_image(id, 30ms));
  CHECK(other->write_image(id_of(2), 0ms));
  std::thread ends([&] { first.reset(); });
  CHECK(other->write_image(id, 60s));
  ends.join();
}

TEST_CASE_FIXTURE(Fixture, "an image that another writer completed is accepted if it is the same") {
  const auto id = id_of(1);
  V1Upload upload;
  upload.image = {id, json_of(id), 1, {}, {}};
  upload.verified_checksum = "sha256:" + sha256_hex(payload_prefix(json_of(id)) + "x");
  upload.layer = [] { return make_text_source("x"); };
  const auto push = storage->repository("team/app")->start_push({{id}, {}, {}});
  put(id);
  CHECK(push->put_image(upload) == PutOutcome::already_there);
  upload.image.layer_size_bytes.reset(); // whatever is known tells
  *upload.verified_checksum = "sha256:00";
  CHECK(failure([&] { push->put_image(upload); }) == ErrorKind::integrity);
  upload.verified_checksum.reset();
  CHECK(push->put_image(upload) == PutOutcome::already_there);
  upload.image.layer_size_bytes = 2;
  CHECK(failure([&] { push->put_image(upload); }) == ErrorKind::integrity);
}

TEST_CASE_FIXTURE(Fixture, "a garbage collection and writers keep each other out") {
  const auto other = V1Storage::open(folder.path().string(), V1Storage::Missing::create);
  {
    const auto lock = storage->lock_exclusively();
    REQUIRE(lock);
    CHECK(failure([&] { other->put_tag("a/b", "1", id_of(1), "{}"); }) == ErrorKind::unavailable);
    CHECK_FALSE(other->lock_exclusively());
  }
  other->put_tag("a/b", "1", id_of(1), "{}");
  CHECK_FALSE(storage->lock_exclusively());
}

TEST_CASE_FIXTURE(Fixture, "chains follow the parents in the JSONs, not the recorded ancestry") {
  put(id_of(1));
  put(id_of(2), id_of(1));
  put(id_of(3), id_of(2));
  const Ids chain{id_of(3), id_of(2), id_of(1)};
  CHECK(storage->ancestry(id_of(3)) == chain);
  CHECK(storage->chain(id_of(3)) == chain);
  const auto quoted = [](const Ids& ids) {
    std::string text;
    for (const auto& id : ids) {
      text += (text.empty() ? "\"" : ", \"") + id + "\"";
    }
    return "[" + text + "]";
  };
  struct Row {
    std::string recorded;
    bool is_list;   ///< what ancestry() takes for one
    bool is_likely; ///< what a push believes
  };
  const Row rows[] = {
      {quoted({id_of(3), id_of(1)}), true, false},
      {quoted({id_of(2), id_of(1)}), true, false},
      {quoted({id_of(3), id_of(2)}), true, true},
      {quoted({id_of(3), id_of(2), id_of(7)}), true, true},
      {"[]", false, false},
      {"", false, false},
      {"[1]", false, false},
      {"[\"../x\"]", false, false},
      {"{}", false, false},
      {std::string(100'000, '['), false, false},
  };
  for (const auto& row : rows) {
    CAPTURE(row.recorded.substr(0, 200));
    write("images/" + id_of(3) + "/ancestry", row.recorded);
    CHECK(storage->ancestry(id_of(3)).has_value() == row.is_list);
    CHECK(storage->chain(id_of(3)) == chain);
    CHECK((storage->likely_chain(id_of(3)) == storage->ancestry(id_of(3))) == row.is_likely);
  }
}

TEST_CASE_FIXTURE(Fixture, "loops, gaps and endless chains have no chain") {
  const auto put_json = [&](int id, const std::string& text) {
    write("images/" + id_of(id) + "/json", text);
  };
  put_json(1, json_of(id_of(1), id_of(1)));
  put_json(2, json_of(id_of(2), id_of(3)));
  put_json(3, json_of(id_of(3), id_of(2)));
  put_json(4, json_of(id_of(4), id_of(99)));
  put_json(5, "{\"id\": \"../x\"}");
  put_json(6, json_of(id_of(6), id_of(5)));
  put_json(7, std::string(1'000'000, '['));
  for (int id = 1; id < 8; ++id) {
    CAPTURE(id);
    CHECK_FALSE(storage->chain(id_of(id)));
    CHECK_FALSE(storage->likely_chain(id_of(id)));
    CHECK(storage->write_image(id_of(50), 0ms)->put_json(json_of(id_of(50), id_of(id))) ==
          JsonOutcome::no_parent);
  }
  const auto longest = static_cast<int>(k_max_chain);
  for (int id = 100; id < 100 + longest + 1; ++id) {
    put_json(id, json_of(id_of(id), id == 100 ? "" : id_of(id - 1)));
  }
  CHECK(storage->chain(id_of(99 + longest))->size() == k_max_chain);
  CHECK_FALSE(storage->chain(id_of(100 + longest)));
}

TEST_CASE_FIXTURE(Fixture, "checksums are read as the original wrote them") {
  struct Row {
    const char* text;
    Ids sums;
    bool is_old = false;
  };
  const Row rows[] = {
      {"", {}},
      {" \n", {}},
      {"[]", {}},
      {"sha256:ab\n", {"sha256:ab"}, true},
      {"[\"sha256:ab\", \"tarsum:c\"]", {"sha256:ab", "tarsum:c"}},
      {"[1, null, \"sha256:ab\"]", {"sha256:ab"}},
      {"[\"sha256:ab\"", {}},
  };
  put(id_of(1));
  for (const auto& row : rows) {
    CAPTURE(row.text);
    write("images/" + id_of(1) + "/_checksum", row.text);
    CHECK(storage->checksums(id_of(1)) == row.sums);
    CHECK(storage->find_image(id_of(1))->has_old_checksum == row.is_old);
  }
}

TEST_CASE_FIXTURE(Fixture, "a text that is no ID names no image") {
  put(id_of(1));
  for (const auto& id : Ids{"", ".", "..", "../images", "x/../" + id_of(1), id_of(1) + "/", "A"}) {
    CAPTURE(id);
    CHECK(storage->image_state(id) == State::absent);
    CHECK_FALSE(storage->find_image(id));
    CHECK_FALSE(storage->image_json(id));
    CHECK_FALSE(storage->open_layer(id));
    CHECK_FALSE(storage->ancestry(id));
    CHECK(storage->checksums(id).empty());
    CHECK_FALSE(storage->is_marked(id));
    CHECK(failure([&] { static_cast<void>(storage->write_image(id, 0ms)); }) ==
          ErrorKind::protocol);
  }
}

TEST_CASE_FIXTURE(Fixture, "repositories lie where docker-registry puts them") {
  struct Row {
    const char* name;
    const char* folder;
  };
  const Row rows[] = {
      {"app", "library/app"},
      {"library/app", "library/app"},
      {"team/app", "team/app"},
      {"team/deep/name", "team/deep%252Fname"},
      {"team/a b+c", "team/a%2Bb%252Bc"},
      {"te am/x", "te+am/x"},
      {"team/..x", "team/..x"},
      {"team/../x", "team/..%252Fx"}, // one folder, however it looks
  };
  for (const auto& row : rows) {
    CAPTURE(row.name);
    storage->put_tag(row.name, "1", id_of(1), "{}");
    CHECK(read(std::string("repositories/") + row.folder + "/tag_1") == id_of(1));
    CHECK(storage->find_tag(row.name, "1") == id_of(1));
  }
  for (const auto& name : Ids{"", "/", "a/", "/a", "..", ".", "../a", "./a", "a/..", "a/."}) {
    CAPTURE(name);
    CHECK(failure([&] { V1Storage::check_name(name); }) == ErrorKind::usage);
    CHECK(failure([&] { static_cast<void>(storage->tags(name)); }) == ErrorKind::usage);
  }
  for (const auto& name : Ids{std::string("a/b\0c", 5), std::string("a/b\nc"), std::string("a\r/b"),
                              "a/" + std::string(256, 'x'), "a/" + std::string(60, '/')}) {
    CHECK(failure([&] { V1Storage::check_name(name); }) == ErrorKind::usage);
  }
}

TEST_CASE_FIXTURE(
    Fixture, "tags that are put together are all there, and a failure affects only its own tag") {
  std::filesystem::create_directories(folder / "repositories/team/app/tag_blocked/x");
  std::atomic<int> failures = 0;
  run_parallel(8, 200, [&](std::size_t i) {
    const auto tag = i % 10 == 0 ? std::string("blocked") : "1." + std::to_string(i);
    try {
      storage->put_tag("team/app", tag, id_of(static_cast<int>(i % 7)), "{}");
    } catch (const Error& error) {
      failures += tag == "blocked" && error.kind() == ErrorKind::local_io ? 1 : 1000;
    }
  });
  CHECK(failures == 20);
  const auto tags = storage->tags("team/app").value();
  CHECK(tags.size() == 181);
  for (std::size_t i = 0; i < 200; ++i) {
    if (i % 10 != 0) {
      CHECK(tags.at("1." + std::to_string(i)) == id_of(static_cast<int>(i % 7)));
      CHECK(storage->properties("team/app", "1." + std::to_string(i)) == "{}");
    }
  }
  std::size_t hidden = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder / "repositories/team/app")) {
    hidden += entry.path().filename().string().starts_with('.') ? 1 : 0;
  }
  CHECK(hidden == 0);
}

TEST_CASE_FIXTURE(Fixture, "files and folders with impossible names are reported") {
  put(id_of(1));
  storage->put_tag("team/deep/name", "1", id_of(1), "{}");
  const Ids strays = {"images/short", "repositories/a b", "repositories/team/app/tag_1.0+build",
                      "repositories/team/deep%2Fname"};
  for (const auto& stray : strays) {
    std::filesystem::create_directories(folder / stray);
  }
  Ids told;
  storage->for_each_stray([&](const std::string& path) { told.push_back(path); });
  std::sort(told.begin(), told.end());
  CHECK(told == strays);
  told.clear();
  storage->for_each_stray_in("team/app", [&](const std::string& path) { told.push_back(path); });
  CHECK(told == Ids{"repositories/team/app/tag_1.0+build"});
  CHECK(storage->count_tags("team/app") == 0);
}

TEST_CASE_FIXTURE(Fixture, "tags are put, replaced and removed") {
  storage->put_tag("team/app", "latest", id_of(1), R"({"last_update": 1})");
  storage->put_tag("team/app", "1.0", id_of(2), R"({"last_update": 2})");
  write("repositories/team/app/tag_bad", "no ID");
  write("repositories/team/app/tag_old", id_of(3) + "\n");
  write("repositories/team/app/tag_", id_of(3));
  write("repositories/team/app/.tag_x.part", id_of(3));
  const V1Tags tags{
      {"1.0", id_of(2)}, {"bad", std::nullopt}, {"latest", id_of(1)}, {"old", id_of(3)}};
  CHECK(storage->tags("team/app") == tags);
  CHECK(storage->properties("team/app", "1.0") == R"({"last_update": 2})");
  CHECK(storage->properties("team/app", "") == R"({"last_update": 1})"); // of latest
  CHECK_FALSE(storage->properties("team/app", "../json"));
  CHECK_FALSE(storage->find_tag("team/app", "../x"));
  CHECK(failure([&] { storage->put_tag("team/app", "../x", id_of(1), "{}"); }) == ErrorKind::usage);
  CHECK(storage->remove_tag("team/app", "1.0"));
  CHECK_FALSE(storage->remove_tag("team/app", "1.0"));
  CHECK_FALSE(storage->remove_tag("team/app", "../x"));
  CHECK_FALSE(storage->properties("team/app", "1.0"));
  storage->set_private("team/app", true);
  CHECK(storage->is_private("team/app"));
  storage->set_private("team/app", false);
  CHECK_FALSE(storage->is_private("team/app"));
  CHECK(storage->remove_repository("team/app")); // with what a kill left in it
  CHECK_FALSE(storage->has_repository("team/app"));
  CHECK_FALSE(storage->tags("team/app"));
  CHECK_FALSE(storage->remove_repository("team/app"));
}

TEST_CASE_FIXTURE(Fixture, "the list of images only grows, and keeps what it has") {
  storage->add_index_images("a/b", {id_of(1), id_of(2)}, {});
  storage->add_index_images("a/b", {id_of(2), id_of(3)}, {"", "sum"});
  CHECK(storage->index_images("a/b") == R"([{"id": ")" + id_of(1) + R"("}, {"id": ")" + id_of(2) +
                                            R"("}, {"checksum": "sum", "id": ")" + id_of(3) +
                                            "\"}]");
  write("repositories/a/b/_index_images", R"([{"id": "x", "more": [1]}, 7])");
  storage->add_index_images("a/b", {id_of(1)}, {});
  CHECK(storage->index_images("a/b") ==
        R"([{"id": "x", "more": [1]}, 7, {"id": ")" + id_of(1) + "\"}]");
  write("repositories/a/b/_index_images", std::string(500'000, '['));
  storage->add_index_images("a/b", {id_of(1)}, {});
  CHECK(storage->index_images("a/b") == R"([{"id": ")" + id_of(1) + "\"}]");
}

TEST_CASE_FIXTURE(Fixture,
                  "entries that are written to a list of images without a lease are not lost") {
  const auto list_of = [](const Ids& ids) {
    std::string list;
    for (const auto& id : ids) {
      list += (list.empty() ? "[" : ", ") + (R"({"id": ")" + id + "\"}");
    }
    return list + "]";
  };
  storage->add_index_images("a/b", {id_of(1), id_of(2)}, {});
  bool is_written = false;
  const auto pruned = storage->prune_index_images("a/b", [&](const std::string& id) {
    if (!std::exchange(is_written, true)) { // as the original, which knows no leases
      write("repositories/a/b/_index_images", list_of({id_of(1), id_of(2), id_of(3)}));
    }
    return id != id_of(1);
  });
  CHECK(pruned == 1);
  CHECK(storage->index_images("a/b") == list_of({id_of(2), id_of(3)}));
}

TEST_CASE_FIXTURE(Fixture, "a list of images that changes all the time is written in the end") {
  storage->add_index_images("a/b", {id_of(1)}, {});
  std::string filler;
  storage->prune_index_images("a/b", [&](const std::string&) {
    write("repositories/a/b/_index_images", (filler += ' ') + *storage->index_images("a/b"));
    return false;
  });
  CHECK(storage->index_images("a/b") == "[]");
}

TEST_CASE_FIXTURE(Fixture, "unfinished files are reported only in images and repositories") {
  const std::string file = "/.x.1.2.part";
  write("images/" + id_of(1) + file, "123");
  write("images/other" + file, "");
  write("repositories/team/app" + file, "1");
  write("repositories/team/app/deeper" + file, "");
  std::map<std::string, std::uint64_t> found;
  storage->for_each_unfinished([&](const UnfinishedFile& left) {
    found[left.path] = left.size_bytes;
    storage->remove_unfinished(left);
  });
  CHECK(found == std::map<std::string, std::uint64_t>{{"images/" + id_of(1) + file, 3},
                                                      {"repositories/team/app" + file, 1}});
  CHECK(std::filesystem::exists(folder / ("images/other" + file)));
  CHECK_FALSE(std::filesystem::exists(folder / ("images/" + id_of(1) + file)));
}

TEST_CASE_FIXTURE(Fixture, "a list of images does not become longer than can be read") {
  const std::string filler(64 * 1024 * 1024 - 100, 'x');
  const auto list = "[{\"id\": \"" + filler + "\"}]";
  write("repositories/a/b/_index_images", list);
  CHECK(failure([&] {
          storage->add_index_images("a/b", {id_of(1), id_of(2)}, {});
        }) == ErrorKind::unsupported);
  CHECK(storage->index_images("a/b") == list);
}

TEST_CASE_FIXTURE(Fixture, "deeply nested JSON in a list of images does no harm") {
  write("repositories/a/b/_index_images",
        "[" + std::string(500'000, '[') + std::string(500'000, ']') + "]");
  CHECK(storage->prune_index_images("a/b", [](const std::string&) { return false; }) == 0);
}

TEST_CASE_FIXTURE(Fixture, "the next writer of a repository removes what a killed one left in it") {
  const auto remains = [&](const std::string& name) {
    write("repositories/team/app/" + name, "left by a kill");
    const auto next = V1Storage::open(folder.path().string()); // as another process
    return [this, next, name](auto&& write_something) {
      write_something(*next);
      return std::filesystem::exists(folder / ("repositories/team/app/" + name));
    };
  };
  CHECK_FALSE(remains(".tag_x.1-2.part")(
      [&](V1Storage& next) { next.put_tag("team/app", "1.0", id_of(1), "{}"); }));
  CHECK_FALSE(remains("._index_images.1-2.part")(
      [&](V1Storage& next) { next.add_index_images("team/app", {id_of(1)}, {}); }));
  CHECK_FALSE(
      remains("._private.1-2.part")([&](V1Storage& next) { next.set_private("team/app", true); }));
  CHECK(remains(".x.1-2.part")([](V1Storage& next) { next.set_private("team/other", false); }));
  CHECK_FALSE(storage->has_repository("team/other"));
  CHECK(storage->find_tag("team/app", "1.0") == id_of(1));
}

TEST_CASE_FIXTURE(Fixture, "a tag's file is not taken for the properties of another tag") {
  storage->put_tag("team/app", "x_json", id_of(1), R"({"last_update": 1})");
  storage->put_tag("team/app", "_x", id_of(2), R"({"last_update": 2})");
  CHECK(storage->find_tag("team/app", "x_json") == id_of(1));
  CHECK(storage->find_tag("team/app", "_x") == id_of(2));
  CHECK(storage->properties("team/app", "x_json") == R"({"last_update": 1})");
  CHECK_FALSE(storage->properties("team/app", "_x"));
  CHECK(storage->remove_tag("team/app", "_x"));
  CHECK(storage->find_tag("team/app", "x_json") == id_of(1));
}

TEST_CASE_FIXTURE(Fixture,
                  "a tag's file that holds properties written by docker-registry is no tag") {
  storage->put_tag("team/app", "_valid", id_of(1), "{}");
  storage->put_tag("team/app", "other_json", id_of(2), "{}");
  write("repositories/team/app/tag_valid_json", R"({"last_update": 1})");
  CHECK(storage->tags("team/app") == V1Tags{{"_valid", id_of(1)}, {"other_json", id_of(2)}});
  CHECK(storage->overwritten_tags("team/app") == std::vector<std::string>{"valid_json"});
  write("repositories/team/app/tag_valid_json", id_of(3)); // a tag, pushed last
  CHECK(storage->tags("team/app")->at("valid_json") == id_of(3));
  CHECK(storage->overwritten_tags("team/app").empty());
  write("repositories/team/app/tag_broken_json", "{}"); // damaged: there is no tag "_broken"
  CHECK(storage->tags("team/app")->at("broken_json") == std::nullopt);
  CHECK(storage->overwritten_tags("team/app").empty());
}

TEST_CASE_FIXTURE(Fixture, "a tree reports its free space") {
  const auto free_bytes = storage->free_bytes();
  REQUIRE(free_bytes);
  CHECK(*free_bytes > 0);
}

TEST_CASE_FIXTURE(Fixture, "many writers of one list lose nothing") {
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      const auto own = V1Storage::open(folder.path().string(), V1Storage::Missing::create);
      for (int n = 0; n < 10; ++n) {
        own->add_index_images("a/b", {id_of(i * 100 + n)}, {});
      }
    });
  }
  for (auto& thread : threads) {
    thread.join();
  }
  const auto list = storage->index_images("a/b").value_or("");
  CHECK(std::count(list.begin(), list.end(), '{') == 40);
}

TEST_CASE_FIXTURE(Fixture,
                  "a private repository stays private whichever step of its removal fails") {
  const std::string folder_name = "repositories/team/app";
  for (const auto* file : {"_index_images", "json", "tag_1.0", "tag1.0_json", "tag_latest", "x"}) {
    CAPTURE(file);
    storage->add_index_images("team/app", {id_of(1)}, {});
    storage->put_tag("team/app", "1.0", id_of(1), "{}");
    storage->put_tag("team/app", "latest", id_of(1), "{}");
    storage->set_private("team/app", true);
    const auto path = folder / (folder_name + "/" + file);
    std::filesystem::remove(path);
    std::filesystem::create_directories(path); // which no unlink removes
    CHECK(failure([&] { storage->remove_repository("team/app"); }) == ErrorKind::local_io);
    CHECK(storage->is_private("team/app"));
    std::filesystem::remove(path);
    CHECK(storage->remove_repository("team/app")); // the second attempt ends it
    CHECK_FALSE(storage->has_repository("team/app"));
    CHECK_FALSE(storage->is_private("team/app"));
  }
  CHECK(std::filesystem::is_empty(folder / "repositories/team"));
}

TEST_CASE_FIXTURE(Fixture,
                  "what a kill leaves of a private repository is seen by nobody and goes") {
  write("repositories/team/.~gone-1-0/_private", "");
  storage->for_each_repository([](const std::string& name) { FAIL("listed: " << name); });
  storage->add_index_images("team/app", {}, {});
  CHECK(storage->remove_repository("team/app"));
  CHECK(std::filesystem::is_empty(folder / "repositories/team"));
}

TEST_CASE_FIXTURE(Fixture, "an image is gone for readers whichever step of its removal fails") {
  for (const auto* file : {"json", "layer", "ancestry", "_checksum", "x"}) {
    CAPTURE(file);
    put(id_of(1));
    const auto path = folder / ("images/" + id_of(1) + "/" + file);
    std::filesystem::remove(path);
    std::filesystem::create_directories(path);
    CHECK(failure([&] { storage->write_image(id_of(1), 0ms)->remove(); }) == ErrorKind::local_io);
    CHECK(storage->image_state(id_of(1)) != State::complete);
    CHECK(storage->is_remnant(id_of(1)));
    std::filesystem::remove(path);
    storage->write_image(id_of(1), 0ms)->remove();
    CHECK(storage->image_state(id_of(1)) == State::absent);
  }
}

TEST_CASE_FIXTURE(Fixture, "an image that is removed leaves nothing") {
  put(id_of(1));
  write("images/" + id_of(1) + "/.layer.x.part", "left by a kill");
  storage->write_image(id_of(1), 0ms)->remove();
  CHECK_FALSE(std::filesystem::exists(folder / ("images/" + id_of(1))));
  CHECK(storage->image_state(id_of(1)) == State::absent);
  put(id_of(1));
  CHECK(storage->image_state(id_of(1)) == State::complete);
}

TEST_CASE_FIXTURE(Fixture,
                  "namespaces and repositories are listed by the names that lead to them") {
  storage->add_index_images("team/deep/name", {}, {});
  storage->add_index_images("library/app", {}, {});
  write("repositories/README", "text");
  write("repositories/team/README", "text");
  std::filesystem::create_directories(folder / "repositories/team/half%2Fquoted");
  std::filesystem::create_directories(folder / "repositories/%zz/x");
  Ids names;
  storage->for_each_repository([&](const std::string& name) { names.push_back(name); });
  std::sort(names.begin(), names.end());
  CHECK(names == Ids{"library/app", "team/README", "team/deep/name"});
}

TEST_CASE_FIXTURE(Fixture,
                  "versions change when repositories or their files are added or removed") {
  using namespace std::filesystem;
  const auto earlier = file_time_type::clock::now() - 1h;
  storage->put_tag("team/app", "1", id_of(1), "{}");
  last_write_time(folder / "repositories/team", earlier);
  last_write_time(folder / "repositories/team/app", earlier);
  const auto space = storage->namespace_version("team");
  const auto repository = storage->repository_version("team/app");
  CHECK_FALSE(space.empty());
  CHECK_FALSE(repository.empty());
  storage->remove_tag("team/app", "1");
  CHECK(storage->repository_version("team/app") != repository);
  CHECK(storage->namespace_version("team") == space);
  storage->remove_repository("team/app");
  CHECK(storage->namespace_version("team") != space);
  CHECK(storage->repository_version("team/app").empty());
  CHECK(storage->namespace_version("none").empty());
}
