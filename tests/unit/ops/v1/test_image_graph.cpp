// SPDX-License-Identifier: Apache-2.0
#include "ops/v1/image_graph.hpp"

#include <regctl/base/error.hpp>
#include <regctl/model/v1/chain.hpp>

#include <doctest/doctest.h>

#include <map>
#include <set>

using namespace regctl;
using ops::ImageFacts;
using ops::ImageGraph;
using ops::Judgement;
using ops::Verdict;

namespace {

std::string id(char digit) {
  return std::string(64, digit);
}

/// A store in memory that counts how often it is asked for an image.
class MadeStore final : public ops::AuditStore {
public:
  /// A sound image of 10 bytes.
  void add(char image, std::optional<char> parent) {
    auto& facts = images[id(image)];
    facts.is_there = true;
    facts.layer_size_bytes = 10;
    std::vector<std::string> list{id(image)};
    if (parent) {
      facts.parent = id(*parent);
      const auto& below = ancestries[id(*parent)];
      list.insert(list.end(), below.begin(), below.end());
    }
    ancestries[id(image)] = list;
  }

  [[nodiscard]] std::string describe() const override { return "store"; }
  [[nodiscard]] bool is_whole() const override { return true; }
  [[nodiscard]] bool has_cheap_lookups() const override { return true; }

  std::vector<std::string> repositories() override {
    std::vector<std::string> names;
    for (const auto& [name, tags] : repositories_) {
      names.push_back(name);
    }
    return names;
  }
  std::optional<V1Tags> tags(const std::string& repository) override {
    return repositories_[repository];
  }
  void for_each_image(const std::function<void(const std::string&)>& on_id) override {
    for (const auto& [image, facts] : images) {
      on_id(image);
    }
  }
  ImageFacts look(const std::string&, const std::string& image) override {
    ++looks;
    const auto found = images.find(image);
    return found == images.end() ? ImageFacts() : found->second;
  }
  ops::RecordedAncestry ancestry(const std::string&, const std::string& image) override {
    if (hidden.contains(image)) {
      return {std::nullopt, Judgement{Verdict::ancestry_missing, "hidden"}};
    }
    const auto found = ancestries.find(image);
    return {found == ancestries.end() ? std::nullopt : std::optional(found->second), std::nullopt};
  }
  Judgement read_layer(const std::string&, const std::string& image, const Judgement& known,
                       const ops::OnBytes&) override {
    const auto found = layers.find(image);
    return found == layers.end() ? known : found->second;
  }
  std::optional<std::chrono::system_clock::time_point> last_change(const std::string&) override {
    return std::nullopt;
  }

  std::map<std::string, V1Tags> repositories_;
  std::map<std::string, ImageFacts> images;
  std::map<std::string, std::vector<std::string>> ancestries;
  std::set<std::string> hidden; ///< whose ancestry cannot be read
  std::map<std::string, Judgement> layers;
  int looks = 0;
};

/// a ← b ← c, tagged "x/app:c" and "y/app:b"; nobody's d.
struct Fixture {
  Fixture() {
    store.add('a', std::nullopt);
    store.add('b', 'a');
    store.add('c', 'b');
    store.add('d', 'b');
    store.repositories_["x/app"]["c"] = id('c');
    store.repositories_["y/app"]["b"] = id('b');
  }

  void read(bool deep = false) {
    ops::SilentProgress silent;
    ops::Session session(options, silent);
    graph.read(session, store, {deep}, std::nullopt);
  }

  [[nodiscard]] const ImageGraph::Image& image(char digit) const {
    return graph.images()[graph.find(id(digit))];
  }
  /// Of the tag whose name is that of its image.
  [[nodiscard]] Verdict verdict(const std::string& tag) const {
    for (const auto& known : graph.tags()) {
      if (known.name == tag) {
        return graph.verdict(known);
      }
    }
    throw Error(ErrorKind::not_found, tag);
  }
  [[nodiscard]] std::string at_fault(char digit) const {
    return graph.images()[image(digit).at_fault].id.text();
  }

  ops::SessionOptions options;
  MadeStore store;
  ImageGraph graph;
};

} // namespace

TEST_SUITE_BEGIN("ops/v1/image_graph");

TEST_CASE_FIXTURE(Fixture, "tags reach their chains, and each image is looked up once") {
  read();
  CHECK(store.looks == 4);
  CHECK(verdict("c") == Verdict::sound);
  CHECK(image('a').is_shared);
  CHECK(image('b').is_shared);
  CHECK(image('c').is_reached);
  CHECK_FALSE(image('c').is_shared);
  CHECK_FALSE(image('d').is_reached);
  CHECK(image('c').chain_bytes == 30);
  CHECK(image('c').depth == 2);
  CHECK(graph.size(0).bytes == 30);
  CHECK(graph.size(1).bytes == 20);
  CHECK(graph.find(id('e')) == ImageGraph::k_none);
  CHECK(graph.find("../e") == ImageGraph::k_none);
  CHECK(graph.chain(graph.find(id('c'))) == std::vector{id('c'), id('b'), id('a')});
}

TEST_CASE_FIXTURE(Fixture, "unknown sizes are counted, and a missing layer has 0 bytes") {
  store.images[id('a')].layer_size_bytes.reset();
  store.images[id('c')].layer_size_bytes.reset();
  store.images[id('c')].has_no_layer = true;
  store.add('f', 'e'); // whose parent is not there
  store.repositories_["z/app"]["f"] = id('f');
  read();
  CHECK_FALSE(image('a').added_bytes());
  CHECK(image('c').added_bytes() == 0U);
  CHECK(graph.size(0) == SizeSum{10, 1}); // c, b, a
  CHECK(graph.size(1) == SizeSum{10, 1}); // b, a
  CHECK(graph.size(2) == SizeSum{10, 0});
  CHECK(image('b').chain_bytes == ImageGraph::k_unknown);
}

TEST_CASE_FIXTURE(Fixture, "the size of a chain is unknown if its lower end is") {
  for (const auto verdict : {Verdict::json_damaged, Verdict::unreadable, Verdict::dead_upload}) {
    CAPTURE(to_string(verdict));
    store.images[id('b')].own = {verdict, ""};
    store.images[id('b')].parent.reset();
    ImageGraph broken;
    ops::SilentProgress silent;
    ops::Session session(options, silent);
    broken.read(session, store, {}, std::nullopt);
    CHECK(broken.images()[broken.find(id('b'))].chain_bytes == ImageGraph::k_unknown);
    CHECK(broken.images()[broken.find(id('c'))].chain_bytes == ImageGraph::k_unknown);
  }
}

TEST_CASE_FIXTURE(Fixture,
                  "a tag has the worst verdict of its chain, and names the image at fault") {
  store.images[id('a')].own = {Verdict::layer_missing, "gone"};
  store.ancestries.erase(id('c'));
  store.images[id('b')].own = {Verdict::old_checksum, ""};
  read();
  CHECK(verdict("c") == Verdict::layer_missing);
  CHECK(at_fault('c') == id('a'));
  CHECK(image('b').own == Verdict::old_checksum);
  CHECK(image('c').own == Verdict::ancestry_missing);
  CHECK(graph.detail(graph.find(id('a'))) == "gone");
  CHECK(graph.is_damaged(graph.tags()[0]));
}

TEST_CASE_FIXTURE(Fixture, "an ancestry is wrong if it differs from the parents") {
  store.ancestries[id('c')] = {id('c'), id('a')};
  store.ancestries[id('b')] = {id('b'), id('c')};
  read();
  CHECK(image('c').own == Verdict::ancestry_wrong);
  CHECK(image('b').own == Verdict::ancestry_wrong);
  CHECK(image('a').own == Verdict::sound);
  CHECK_FALSE(graph.is_damaged(graph.tags()[0]));
}

TEST_CASE_FIXTURE(Fixture, "recorded ancestries reach images below a missing parent") {
  store.images.erase(id('b'));
  store.repositories_.erase("y/app");
  read();
  CHECK(verdict("c") == Verdict::parent_missing);
  CHECK(at_fault('c') == id('c'));
  CHECK(image('a').is_reached);
  CHECK_FALSE(image('d').is_reached);
  CHECK(graph.is_damaged(image('c')));
  CHECK_FALSE(graph.is_damaged(image('d'))); // nobody pulls it
  CHECK(image('d').own == Verdict::parent_missing);
  CHECK_FALSE(graph.chain(graph.find(id('c'))));
}

TEST_CASE_FIXTURE(Fixture, "a break in a chain keeps its shared images, counted once") {
  store.add('e', std::nullopt);
  store.add('f', 'e');
  store.ancestries[id('f')] = {id('f'), id('e'), id('a')};
  store.images.erase(id('e'));
  store.repositories_["x/app"]["f"] = id('f');
  store.repositories_["z/app"]["a"] = id('a');
  read();
  CHECK(verdict("f") == Verdict::parent_missing);
  CHECK(image('a').is_shared);
  CHECK(image('b').is_shared);
  CHECK(graph.size(0).bytes == 40); // c, b, a, f
  CHECK(graph.size(1).bytes == 20);
  CHECK(graph.size(2).bytes == 10);
}

TEST_CASE_FIXTURE(Fixture, "a loop of parents ends, and its members are at fault") {
  store.images[id('a')].parent = id('b');
  read();
  CHECK(verdict("c") == Verdict::parent_loop);
  CHECK(image('a').own == Verdict::parent_loop);
  CHECK(image('b').own == Verdict::parent_loop);
  CHECK(image('c').own == Verdict::sound);
  CHECK_FALSE(graph.chain(graph.find(id('c'))));
}

TEST_CASE_FIXTURE(Fixture, "an image that is its own parent is a loop") {
  store.images[id('a')].parent = id('a');
  read();
  CHECK(image('a').own == Verdict::parent_loop);
  CHECK(verdict("c") == Verdict::parent_loop);
}

TEST_CASE_FIXTURE(Fixture, "a tag without an existing image leads nowhere") {
  store.repositories_["x/app"]["null"] = std::nullopt;
  store.repositories_["x/app"]["gone"] = id('e');
  read();
  CHECK(verdict("null") == Verdict::nowhere);
  CHECK(verdict("gone") == Verdict::nowhere);
  CHECK(verdict("c") == Verdict::sound);
}

TEST_CASE_FIXTURE(Fixture, "a dead upload is damage only if a tag reaches it") {
  store.images[id('a')].own.verdict = Verdict::dead_upload;
  store.images[id('d')].own.verdict = Verdict::dead_upload;
  read();
  CHECK(graph.is_damaged(image('a')));
  CHECK_FALSE(graph.is_damaged(image('d')));
  CHECK(verdict("c") == Verdict::dead_upload);
}

TEST_CASE_FIXTURE(Fixture, "layers are read when that is asked for") {
  store.layers[id('a')] = {Verdict::checksum_wrong, ""};
  read();
  CHECK(verdict("b") == Verdict::sound);
  Fixture other;
  other.store.layers[id('a')] = {Verdict::checksum_wrong, ""};
  other.read(true);
  CHECK(other.verdict("b") == Verdict::checksum_wrong);
}

TEST_CASE_FIXTURE(Fixture, "keeping an image keeps the images below it") {
  store.add('e', std::nullopt);
  store.add('f', 'e');
  read();
  CHECK_FALSE(image('e').is_reached);
  graph.keep(graph.find(id('f')));
  CHECK(image('e').is_reached);
  CHECK_FALSE(image('d').is_reached);
}

TEST_CASE_FIXTURE(Fixture, "an unreadable ancestry hides the images below a break") {
  store.hidden = {id('c'), id('d')};
  SUBCASE("not if the parents show the chain") {
    read();
    CHECK_FALSE(image('c').is_ancestry_hidden);
    CHECK(image('c').own == Verdict::ancestry_missing);
    CHECK(graph.detail(graph.find(id('c'))) == "hidden");
  }
  SUBCASE("only in a chain of a tag") {
    store.images[id('b')].own = {Verdict::json_damaged, ""};
    store.images[id('b')].parent = std::nullopt;
    read();
    CHECK(image('c').is_ancestry_hidden);
    CHECK_FALSE(image('b').is_ancestry_hidden);
    CHECK_FALSE(image('d').is_ancestry_hidden);
    CHECK(image('a').is_reached); // b's ancestry can be read
  }
}

TEST_CASE("a chain may have at most 4096 images") {
  for (const std::size_t length : {k_max_chain, k_max_chain + 1}) {
    MadeStore store;
    const auto name = [](std::size_t i) {
      const auto digits = std::to_string(i);
      return std::string(64 - digits.size(), '0') + digits;
    };
    for (std::size_t i = 0; i < length; ++i) {
      auto& facts = store.images[name(i)];
      facts.is_there = true;
      facts.parent = i > 0 ? std::optional(name(i - 1)) : std::nullopt;
    }
    store.repositories_["x/app"]["top"] = name(length - 1);
    ops::SilentProgress silent;
    ops::Session session({}, silent);
    ImageGraph graph;
    graph.read(session, store, {}, std::nullopt);
    CHECK((graph.verdict(graph.tags().front()) == Verdict::parent_loop) == (length > k_max_chain));
  }
}

TEST_SUITE_END();
