// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/compression.hpp>
#include <regctl/base/error.hpp>
#include <regctl/base/file.hpp>
#include <regctl/base/json.hpp>
#include <regctl/base/lines.hpp>
#include <regctl/base/tar.hpp>
#include <regctl/model/oci/manifest.hpp>
#include <regctl/model/v1/derive.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>

using namespace regctl;
using Notes = std::set<std::string>;

namespace {

const std::string k_diff_a = "sha256:" + std::string(64, 'a');
const std::string k_diff_b = "sha256:" + std::string(64, 'b');

/// A config with these other members, of two layers.
std::string config(const std::string& members) {
  return "{" + members + R"("rootfs":{"type":"layers","diff_ids":[")" + k_diff_a + R"(",")" +
         k_diff_b + R"("]}})";
}

Json top_of(const std::string& members) {
  return parse_json(derive_v1_chain(config(members)).images.back().json, "the top image");
}

/// What the chain's notes are but for the history, which these configs lack.
Notes notes_of(const std::string& members) {
  auto notes = derive_v1_chain(config(members)).notes;
  notes.erase("history-unusable");
  return notes;
}

const std::string k_data = std::string(REGCTL_TEST_DATA) + "/";

using Files = std::map<std::string, std::string>;

/// The files of a packed OCI layout, by names from its root on.
Files read_layout(const std::string& path, const std::string& folder) {
  TarReader tar(make_decompressed_source(make_fd_source(open_regular_file(path), path), path),
                path);
  Files files;
  while (const auto entry = tar.next()) {
    auto name = entry->name;
    if (name.starts_with("./")) {
      name.erase(0, 2);
    }
    if (name.starts_with(folder)) {
      files[name.substr(folder.size())] = read_text(tar.data(), k_document_limit_bytes, path);
    }
  }
  return files;
}

const std::string& blob(const Files& files, const oci::Digest& digest) {
  return files.at("blobs/sha256/" + std::string(digest.hex()));
}

/// The bytes of the config below an entry of an index; of an index its child for the platform.
std::optional<std::string> find_config(const Files& files, const oci::Descriptor& entry,
                                       const std::string& platform) {
  const auto manifest = oci::Manifest::parse(blob(files, entry.digest), entry.media_type, "entry");
  if (manifest.config) {
    return blob(files, manifest.config->digest);
  }
  for (const auto& child : manifest.manifests) {
    if (child.platform && child.platform->os + "/" + child.platform->architecture == platform) {
      return find_config(files, child, platform);
    }
  }
  return std::nullopt;
}

/// The config of the image of that name, if the layout has one for the platform.
std::optional<std::string> config_of(const Files& files, const Json& row) {
  const auto platform = optional_string(row, "platform").value_or("linux/amd64");
  const auto index = parse_json(files.at("index.json"), "the index");
  for (const auto& member : index.at("manifests")) {
    const auto entry = oci::Descriptor::parse(member, "the entry");
    const auto found = entry.annotations.find(std::string(oci::k_ref_name_annotation));
    if (found != entry.annotations.end() && found->second == row.at("name")) {
      return find_config(files, entry, platform);
    }
  }
  return std::nullopt;
}

/// The layout that a row of the golden table names: "FOLDER/FILE[:FOLDER]".
Files layout_of(const std::string& source) {
  const auto colon = std::min(source.find(':'), source.size());
  const auto file = source.substr(0, colon);
  const auto folder = colon == source.size() ? "" : source.substr(colon + 1) + "/";
  const auto name = file.substr(file.find('/') + 1);
  return file.starts_with("v2/") ? read_layout(k_data + "layouts/" + name, folder)
                                 : read_layout(k_data + "conversion/oci-to-v1/" + name, folder);
}

void check_chain(const std::string& config, const Json& expected) {
  const auto chain = derive_v1_chain(config);
  REQUIRE(chain.images.size() == expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const auto& image = chain.images[i];
    CHECK(image.id == expected[i].at("id"));
    CHECK(image.json == expected[i].at("json"));
    const auto layer = image.layer_index ? chain.diff_ids.at(*image.layer_index) : "empty";
    CHECK(layer == expected[i].at("layer").at("diff_id"));
  }
}

} // namespace

TEST_SUITE_BEGIN("model/v1/derived_chain");

TEST_CASE("each image of the golden table becomes its chain, byte for byte") {
  const auto path = k_data + "conversion/oci-to-v1/own.jsonl";
  LineReader rows(make_fd_source(open_regular_file(path), path), path);
  std::size_t chains = 0;
  while (const auto line = rows.next()) {
    const auto row = parse_json(*line, "a row");
    const auto source = row.at("source").get<std::string>();
    const auto name = row.at("name").get<std::string>();
    CAPTURE(source);
    CAPTURE(name);
    const auto config = config_of(layout_of(source), row);
    if (const auto* chain = find_member(row, "chain")) {
      REQUIRE(config);
      check_chain(*config, *chain);
      ++chains;
    } else if (name == "r-nothing" || name == "r-no-rootfs") { // refused because of the config
      REQUIRE(config);
      CHECK_THROWS_AS(derive_v1_chain(*config), Error);
    }
  }
  CHECK(chains == 22);
}

TEST_CASE("what is v1's or an ID goes from the config, however it is written") {
  const auto top = top_of(R"("ID":"x","Parent":"y","parent_id":1,"LAYER_ID":2,"size":3,)"
                          R"("Throwaway":true,"CheckSum":"t","History":4,"RootFS":5,"Created":"z",)"
                          R"("Container_Config":{},"AUTHOR":"a","Comment":"b","os":"linux",)");
  std::string names;
  for (const auto& [name, value] : top.items()) {
    names += name + " ";
  }
  CHECK(names == "id parent container_config os ");
}

TEST_CASE("values of the config keep their text and order, but for what is null") {
  const auto text =
      derive_v1_chain(config("\"z\" : [ 1e3, 1.0, 12345678901234567890123 ],"
                             R"("os":"a\/\u00e9<","n":null,"config":{"B":1,"A":[]},)"))
          .images.back()
          .json;
  CHECK(text.ends_with(R"("container_config":{"Cmd":[]},"z":[1e3,1.0,12345678901234567890123],)"
                       R"("os":"a\/\u00e9\u003c","config":{"B":1,"A":[]}})"));
}

TEST_CASE("the top image has the container_config of the config only if it made the last step") {
  struct Row {
    const char *container_config, *created_by, *kept;
  };
  const std::string history = R"("history":[{},{"created_by":)";
  for (const auto& row :
       {Row{R"({"Cmd":["a","b"],"User":"u"})", R"("a b")", R"({"Cmd":["a","b"],"User":"u"})"},
        Row{R"({"Cmd":"a b"})", R"("a b")", R"({"Cmd":["a b"]})"},
        Row{R"({"Cmd":["a"]})", R"("a b")", R"({"Cmd":["a b"]})"},
        Row{R"({"Cmd":["a"]})", "null", R"({"Cmd":["a"]})"},
        Row{R"({"Cmd":[1]})", R"("1")", R"({"Cmd":["1"]})"},
        Row{R"({"User":"u"})", "null", R"({"User":"u"})"},
        Row{R"("text")", R"("a")", R"({"Cmd":["a"]})"}, Row{"null", "null", R"({"Cmd":[]})"}}) {
    CAPTURE(row.container_config);
    CAPTURE(row.created_by);
    const auto top = top_of("\"container_config\":" + std::string(row.container_config) + "," +
                            history + row.created_by + "}],");
    CHECK(top.at("container_config").dump() == row.kept);
  }
}

TEST_CASE("times are normalised, and of two that of the config counts if it can be read") {
  struct Row {
    const char *of_config, *of_entry, *time;
    Notes notes;
  };
  for (const auto& row : {Row{R"("2020-01-02T03:04:05.120Z")",
                              R"("2019-01-01T00:00:00Z")",
                              R"("2020-01-02T03:04:05.12Z")",
                              {}},
                          Row{R"("yesterday")",
                              R"("2019-01-01T00:00:00.0+00:00")",
                              R"("2019-01-01T00:00:00Z")",
                              {"created-invalid"}},
                          Row{"null", R"("2019-01-01T00:00:00Z")", R"("2019-01-01T00:00:00Z")", {}},
                          Row{"7", "\"\"", "null", {}}}) {
    CAPTURE(row.of_config);
    const auto members = "\"created\":" + std::string(row.of_config) +
                         R"(,"history":[{},{"created":)" + row.of_entry + "}],";
    const auto top = top_of(members);
    CHECK(top.value("created", Json()).dump() == row.time);
    CHECK(notes_of(members) == row.notes);
  }
}

TEST_CASE("what a config has in a wrong type is put right or dropped, and noted") {
  CHECK(top_of(R"("config":{"Cmd":"sh","Entrypoint":"/e"},)").at("config").dump() ==
        R"({"Cmd":["sh"],"Entrypoint":["/e"]})");
  CHECK(notes_of(R"("config":{"Cmd":"sh","Entrypoint":"/e"},)") ==
        Notes{"Cmd-wrapped", "Entrypoint-wrapped"});
  CHECK_FALSE(top_of(R"("config":["x"],)").contains("config"));
  CHECK(notes_of(R"("config":["x"],)") == Notes{"config-dropped"});
  CHECK(notes_of(R"("config":null,)") == Notes{});
  CHECK(derive_v1_chain(config("")).notes == Notes{"history-unusable"});
}

TEST_CASE("what engines do not read as text is no author and no comment") {
  const auto members =
      R"("author":"\u0041<","comment":7,"history":[{"author":"L"},{"comment":"c<"}],)";
  const auto chain = derive_v1_chain(config(members));
  CHECK(chain.images[0].json.ends_with(R"("container_config":{"Cmd":[]},"author":"L"})"));
  CHECK(chain.images[1].json.ends_with(R"("author":"\u0041\u003c","comment":"c<"})"));
}

TEST_SUITE_END();
