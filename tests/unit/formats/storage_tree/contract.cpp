// SPDX-License-Identifier: Apache-2.0
#include "unit/formats/storage_tree/contract.hpp"

#include "support/failure.hpp"

#include <regctl/base/error.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

namespace regctl::test {

namespace {

using Names = std::vector<std::string>;

constexpr std::uint64_t k_limit_bytes = 1000;

Names list(const StorageTree& tree, const std::string& path) {
  Names names;
  tree.list(path, [&](const std::string& name) { names.push_back(name); });
  std::sort(names.begin(), names.end());
  return names;
}

std::string text_of(Source& source) {
  return read_text(source, k_limit_bytes, "a test's file");
}

} // namespace

void check_storage_tree(const OpenTree& open) {
  const auto tree = open();
  const auto other = open();
  const auto put = [&](const std::string& folder, const std::string& name,
                       const std::string& text) { tree->make_folder(folder)->put(name, text); };

  SUBCASE("an empty tree has no files and no folders") {
    CHECK_FALSE(tree->find_file("a/file"));
    CHECK(tree->read("a/file", k_limit_bytes) == std::nullopt);
    CHECK_FALSE(tree->has_file("a/file"));
    CHECK_FALSE(tree->has_folder("a"));
    CHECK_FALSE(tree->find_folder("a"));
    CHECK_FALSE(tree->list("a", [](const std::string&) { FAIL("listed"); }));
    CHECK(tree->folder_version("a").empty());
    CHECK_FALSE(tree->last_change("a"));
    tree->for_each_unfinished("a", 9, [](const UnfinishedFile&) { FAIL("listed"); });
    CHECK(tree->what("a/file").find(tree->location()) != std::string::npos);
    CHECK(tree->what("a/file").find("a/file") != std::string::npos);
  }

  SUBCASE("a file that was put is visible to all, and is replaced whole") {
    put("a/b", "file", "12345");
    put("a", "empty", "");
    CHECK(other->read("a/b/file", 5) == "12345");
    CHECK(failure([&] { static_cast<void>(other->read("a/b/file", 4)); }) == ErrorKind::protocol);
    CHECK(other->read("a/empty", 0) == "");
    CHECK(other->read("a/b/file/x", 5) == std::nullopt);
    CHECK(other->has_file("a/b/file"));
    CHECK(other->has_folder("a/b"));
    CHECK_FALSE(other->has_folder("a/b/file"));
    CHECK(list(*other, "a") == Names{"b", "empty"});
    CHECK(list(*other, "a/b") == Names{"file"});
    put("a/b", "file", "6");
    CHECK(other->read("a/b/file", 5) == "6");
  }

  SUBCASE("a view tells of the files of one folder") {
    put("a/b", "file", "12345");
    put("a/b/c", "deeper", "1");
    const auto view = other->view("a/b");
    CHECK(view->has_file("file"));
    CHECK_FALSE(view->has_file("fil"));
    CHECK_FALSE(view->has_file("deeper"));
    CHECK(view->read("file", 5) == "12345");
    CHECK(failure([&] { static_cast<void>(view->read("file", 4)); }) == ErrorKind::protocol);
    CHECK(view->read("none", 5) == std::nullopt);
    REQUIRE(view->find_file("file"));
    CHECK(view->find_file("file")->size_bytes() == 5);
    CHECK(view->find_file("file")->version() == other->find_file("a/b/file")->version());
    CHECK(text_of(*view->find_file("file")->open("the file")) == "12345");
    CHECK_FALSE(view->find_file("none"));
    CHECK_FALSE(other->view("nowhere")->has_file("file"));
  }

  SUBCASE("many files of a folder are read together") {
    put("a", "x1", "1");
    put("a", "x2", "2");
    put("a", "x3", "too long");
    put("a", "y", "3");
    put("a/x4", "file", "4");
    std::map<std::string, std::optional<std::string>> contents;
    const auto read = [&](const std::string& folder) {
      return other->read_files(
          folder, [](const std::string& name) { return name.starts_with('x'); }, 5,
          [&](const std::string& name, std::optional<std::string> content) {
            CHECK_FALSE(contents.contains(name));
            contents[name] = std::move(content);
          });
    };
    CHECK(read("a"));
    contents.erase("x4"); // a folder, which some trees name and others do not
    CHECK(contents == decltype(contents){{"x1", "1"}, {"x2", "2"}, {"x3", std::nullopt}});
    CHECK_FALSE(read("nowhere"));
  }

  SUBCASE("entries tell files from folders, and hidden names are among them") {
    put("a", "file", "1");
    put("a", ".hidden", "1");
    put("a/folder", "file", "1");
    std::map<std::string, bool> found;
    CHECK(other->list_entries("a", [&](const FolderEntry& entry) {
      found[entry.name] = entry.is_folder;
      CHECK_FALSE(entry.is_link);
    }));
    CHECK(found == decltype(found){{".hidden", false}, {"file", false}, {"folder", true}});
    CHECK_FALSE(other->list_entries("none", [](const FolderEntry&) { FAIL("listed"); }));
  }

  SUBCASE("a loose upload makes no folder before it is committed") {
    for (const std::string likely : {"", "x/y/file", "x/y/another"}) {
      CAPTURE(likely);
      {
        const auto dropped = tree->start_loose_upload("aside", likely);
        dropped->write(as_bytes("12345"));
      }
      CHECK_FALSE(other->has_folder("x"));
      const auto upload = tree->start_loose_upload("aside", likely);
      upload->write(as_bytes("12345"));
      CHECK(upload->size_bytes() == 5);
      CHECK_FALSE(other->has_folder("x"));
      upload->commit("x/y/file");
      CHECK(other->read("x/y/file", 5) == "12345");
      CHECK(list(*other, "x/y") == Names{"file"});
      CHECK(list(*other, "aside").empty());
      tree->remove_all("x", "aside", "x/y/file");
    }
    put("x/y", "file", "6");
    const auto upload = tree->start_loose_upload("aside", "x/y/file");
    upload->write(as_bytes("7"));
    CHECK(other->read("x/y/file", 5) == "6");
    upload->commit("x/y/file");
    CHECK(other->read("x/y/file", 5) == "7");
  }

  SUBCASE("a folder is put with all its files, unless there is one") {
    const FileGroup files{{{"b/file", "1"}, {"c/d/file", "2"}}};
    CHECK(tree->put_folder("a/x", files, "aside"));
    CHECK(other->read("a/x/b/file", 1) == "1");
    CHECK(other->read("a/x/c/d/file", 1) == "2");
    CHECK_FALSE(tree->put_folder("a/x", {{{"other", "3"}}}, "aside"));
    CHECK_FALSE(other->has_file("a/x/other"));
    CHECK(list(*other, "a") == Names{"x"});
    bool has_entries = false;
    other->list_entries("aside", [&](const FolderEntry&) { has_entries = true; });
    CHECK_FALSE(has_entries);
  }

  SUBCASE("a folder is removed with all that is in it") {
    put("a/b", "file", "1");
    put("a/b/c", "file", "2");
    put("a/bc", "file", "3");
    CHECK(tree->remove_all("a/b", "aside", "a/b/c/file"));
    CHECK_FALSE(other->has_folder("a/b"));
    CHECK(list(*other, "a") == Names{"bc"});
    CHECK(list(*other, "aside").empty());
    CHECK_FALSE(tree->remove_all("a/b", "aside", "a/b/c/file"));
    CHECK_FALSE(tree->remove_all("none/b", "aside", "none/b/file"));
  }

  SUBCASE("a claim is a mark that is renewed, and may have a word") {
    const auto folder = tree->lease("a", Sharing::exclusive, 0ms);
    CHECK(folder->claim("mark"));
    CHECK(other->has_file("a/mark"));
    CHECK(folder->renew("mark"));
    CHECK(folder->take_over("mark"));
    CHECK(folder->renew("mark", "word"));
    const auto text = other->read("a/mark", 1000).value_or("");
    CHECK(text.substr(0, text.find('\n')) == "word");
    CHECK(folder->remove("mark"));
    CHECK_FALSE(other->has_file("a/mark"));
    CHECK(folder->claim("mark", "word"));
  }

  SUBCASE("an open file is read from any offset") {
    put("a", "file", "0123456789");
    const auto file = other->find_file("a/file");
    REQUIRE(file);
    CHECK(file->size_bytes() == 10);
    const auto part = file->open_part(3, 4, "a part");
    CHECK(text_of(*file->open("the whole")) == "0123456789");
    CHECK(text_of(*part) == "3456");
    CHECK(text_of(*file->open_part(10, 0, "nothing")).empty());
  }

  SUBCASE("replacing a file changes its version") {
    put("a", "file", "1");
    const auto version = tree->find_file("a/file")->version();
    CHECK_FALSE(version.empty());
    CHECK(other->find_file("a/file")->version() == version);
    const auto kept = tree->find_file("a/file"); // so that nothing of it can be used again
    put("a", "file", "2");
    CHECK(other->find_file("a/file")->version() != version);
  }

  SUBCASE("put_if_unchanged replaces only a file that is unchanged") {
    const auto folder = tree->lease("a", Sharing::exclusive, 0ms);
    CHECK_FALSE(folder->put_if_unchanged("file", "no", "another"));
    CHECK_FALSE(tree->has_file("a/file"));
    CHECK(folder->put_if_unchanged("file", "1", ""));
    CHECK_FALSE(folder->put_if_unchanged("file", "no", ""));
    CHECK(other->read("a/file", 5) == "1");
    CHECK(folder->put_if_unchanged("file", "22", other->find_file("a/file")->version()));
    CHECK(other->read("a/file", 5) == "22");
  }

  SUBCASE("groups of files are put together, each in its order") {
    const FileGroup first{{{"x", "1"}, {"y", "2"}}};
    const FileGroup last{{{"x", "3"}, {"x", "4"}}};
    const auto folder = tree->make_folder("a");
    const auto problems = folder->put_groups({&first, &last});
    REQUIRE(problems.size() == 2);
    CHECK_FALSE(problems[0]);
    CHECK_FALSE(problems[1]);
    CHECK(other->read("a/x", 5) == "4");
    CHECK(other->read("a/y", 5) == "2");
    CHECK_FALSE(folder->put_groups({&first}).at(0));
    CHECK(other->read("a/x", 5) == "1");
    CHECK(list(*other, "a") == Names{"x", "y"});
  }

  SUBCASE("an upload has its name once it is committed") {
    const auto folder = tree->make_folder("a");
    {
      const auto upload = folder->start_upload("layer");
      upload->write(as_bytes("half"));
    }
    CHECK(folder->names().empty());
    const auto upload = folder->start_upload("layer");
    upload->write(as_bytes("who"));
    upload->write(as_bytes("le"));
    CHECK(upload->size_bytes() == 5);
    CHECK_FALSE(other->has_file("a/layer"));
    CHECK(list(*other, "a").empty());
    upload->commit(Durability::bytes_only);
    folder->sync();
    CHECK(other->read("a/layer", 5) == "whole");
    CHECK(list(*other, "a") == Names{"layer"});
  }

  SUBCASE("an upload can be read while it is written, if the tree supports that") {
    const auto upload = tree->make_folder("a")->start_upload("layer");
    upload->write(as_bytes("123"));
    if (const auto reopen = upload->written_bytes()) {
      const auto source = reopen();
      std::array<std::byte, 8> piece{};
      CHECK(source->read(piece) == 3);
      upload->write(as_bytes("45"));
      CHECK(source->read(piece) == 2);
      upload->commit(Durability::whole);
      CHECK(text_of(*reopen()) == "12345");
    }
  }

  SUBCASE("files and emptied folders are removed") {
    put("a/b", "x", "1");
    put("a/b", "y", "2");
    put("a/b", "mark", "");
    const auto folder = tree->find_folder("a/b");
    REQUIRE(folder);
    CHECK(folder->remove("x"));
    CHECK_FALSE(folder->remove("x"));
    CHECK_FALSE(other->has_file("a/b/x"));
    tree->remove_folder_with("a/b", "mark"); // there is more
    CHECK(list(*other, "a/b") == Names{"mark", "y"});
    CHECK(folder->remove("y"));
    folder->sync();
    CHECK(folder->names() == Names{"mark"});
    tree->remove_folder_with("a/b", "mark");
    CHECK_FALSE(other->has_folder("a/b"));
    CHECK(list(*other, "a").empty());
    put("a/c", "x", "1");
    CHECK(failure([&] { tree->remove_folder("a/c"); }) == ErrorKind::local_io);
    tree->find_folder("a/c")->remove("x");
    tree->remove_folder("a/c");
    CHECK_FALSE(other->has_folder("a/c"));
  }

  SUBCASE("only the presence of a mark counts") {
    const auto folder = tree->make_folder("a");
    folder->put("mark", "true", Durability::name_only);
    CHECK(other->has_file("a/mark"));
    folder->put("mark", "", Durability::name_only);
    CHECK(other->read("a/mark", 5) == "");
  }

  SUBCASE("a lease keeps others out until it ends") {
    auto first = tree->lease("a", Sharing::exclusive, 0ms);
    REQUIRE(first);
    CHECK_FALSE(tree->lease("a", Sharing::exclusive, 0ms));
    CHECK_FALSE(tree->lease("a", Sharing::exclusive, 30ms));
    CHECK_FALSE(tree->lease("a", Sharing::shared, 0ms));
    CHECK(tree->lease("b", Sharing::exclusive, 0ms));
    CHECK(tree->lease("a/b", Sharing::exclusive, 0ms));
    std::thread ends([&] { first.reset(); });
    CHECK(tree->lease("a", Sharing::exclusive, 60s));
    ends.join();
    CHECK(tree->lease("a", Sharing::exclusive, std::nullopt));
  }

  SUBCASE("a shared lease keeps out only exclusive ones") {
    const auto first = tree->lease("a", Sharing::shared, 0ms);
    REQUIRE(first);
    auto second = tree->lease("a", Sharing::shared, 0ms);
    CHECK(second);
    CHECK_FALSE(tree->lease("a", Sharing::exclusive, 0ms));
    second.reset();
    CHECK_FALSE(tree->lease("a", Sharing::exclusive, 0ms));
  }

  SUBCASE("after a lease's holder removes the folder, the next lease is of a new folder") {
    auto first = tree->lease("a/b", Sharing::exclusive, 0ms);
    std::unique_ptr<StorageFolder> second;
    std::thread waits([&] { second = tree->lease("a/b", Sharing::exclusive, std::nullopt); });
    tree->remove_folder("a/b");
    first.reset();
    waits.join();
    second->put("file", "1");
    CHECK(other->read("a/b/file", 5) == "1");
  }

  SUBCASE("times and versions show changes") {
    put("a", "file", "1");
    const auto changed = tree->last_change("a");
    REQUIRE(changed);
    CHECK(std::chrono::system_clock::now() - *changed < 1h);
    CHECK(*changed - std::chrono::system_clock::now() < 1h);
    const auto version = tree->folder_version("a"); // empty, while it is fresh
    put("a", "other", "1");
    CHECK((version.empty() || tree->folder_version("a") != version));
  }
}

} // namespace regctl::test
