// SPDX-License-Identifier: Apache-2.0

// Storage trees of distribution, for tests beside a running server: one function of the library for
// each command, so that a test can hold it, kill it and run several.
//
//     interop-v2-storage push DIR NAME TAG TEXT     an image whose layers are TEXT and "base"
//     interop-v2-storage push-many DIR NAME         images under tag 1, 2, … and "moving", for ever
//     interop-v2-storage read DIR NAME TAG          all of an image; prints the manifest's digest
//     interop-v2-storage read-many DIR NAME TAG N   the manifest of a tag, N times
//     interop-v2-storage put-many DIR NAME TAG N    puts the manifest of a tag once more, N times
//     interop-v2-storage refer DIR NAME TAG         an artifact whose subject the tag names
//     interop-v2-storage untag DIR NAME TAG
//     interop-v2-storage audit DIR                  a line for each damage
//     interop-v2-storage gc DIR                     a line for each removal

#include <regctl/base/error.hpp>
#include <regctl/base/json.hpp>
#include <regctl/base/stream.hpp>
#include <regctl/base/whole_number.hpp>
#include <regctl/formats/v2_storage.hpp>
#include <regctl/model/oci/manifest.hpp>
#include <regctl/ops/oci/tree_audit.hpp>
#include <regctl/ops/oci/tree_gc.hpp>

#include <cstdio>
#include <iostream>
#include <string>
#include <vector>

using namespace regctl;

namespace {

using Words = std::vector<std::string>;

oci::Descriptor put_text(OciRepository& repository, const std::string& text,
                         std::string_view media_type) {
  const auto put = repository.put_blob(
      {oci::Digest::of(text), text.size(), [text] { return make_text_source(text); }});
  return {
      .media_type = std::string(media_type), .digest = put.digest, .size_bytes = put.size_bytes};
}

oci::Document put_image(OciRepository& repository, const std::string& text,
                        const std::optional<std::string>& tag, const Json& more = Json::object()) {
  Json config = Json::object();
  config["architecture"] = "amd64";
  config["os"] = "linux";
  config["rootfs"]["type"] = "layers";
  config["rootfs"]["diff_ids"] = {oci::Digest::of("base").to_string(),
                                  oci::Digest::of(text).to_string()};
  Json json = Json::object();
  json["schemaVersion"] = 2;
  json["mediaType"] = std::string(oci::k_oci_manifest);
  json["config"] = put_text(repository, config.dump(), oci::k_oci_config).to_json();
  json["layers"] = Json::array({put_text(repository, "base", oci::k_oci_layer).to_json(),
                                put_text(repository, text, oci::k_oci_layer).to_json()});
  json.update(more);
  auto document = oci::make_document(json.dump(), {}, {}, "an image");
  repository.put_manifest(document, tag);
  return document;
}

oci::Document read_manifest(OciRepository& repository, const oci::ManifestName& name) {
  auto document = repository.read_manifest(name);
  if (!document) {
    throw Error(ErrorKind::not_found, "there is no manifest " + name.to_string());
  }
  return *std::move(document);
}

void read_all(OciRepository& repository, const oci::Document& document) {
  const auto manifest = oci::Manifest::parse(document.bytes, document.media_type, "it");
  for (const auto& blob : manifest.blobs()) {
    drain(*repository.open_blob(blob));
  }
  for (const auto& child : manifest.manifests) {
    read_all(repository, read_manifest(repository, child.digest));
  }
}

void push_many(OciRepository& repository) {
  for (int i = 1;; ++i) {
    const auto document = put_image(repository, "layer " + std::to_string(i), std::to_string(i));
    repository.put_manifest(document, "moving");
    std::printf("%d\n", i);
    std::fflush(stdout);
    if (i > 2) {
      repository.remove_tag(std::to_string(i - 2));
    }
  }
}

void audit(const V2Storage& storage) {
  ops::audit_tree(storage, {.deep = true},
                  {[](const ops::AuditedManifest& manifest) {
                     if (manifest.state != ops::TreeState::sound) {
                       std::cout << manifest.repository << ' ' << manifest.tag.value_or("-") << ' '
                                 << manifest.detail << '\n';
                     }
                   },
                   {},
                   {}});
}

void collect(const std::shared_ptr<V2Storage>& storage) {
  ops::collect_tree_garbage(
      storage, {.apply = true, .grace = std::chrono::seconds(0)},
      [](const ops::TreeGarbage& garbage) {
        std::cout << to_string(garbage.kind) << ' ' << garbage.name << '\n';
      },
      [](const std::string& name, const std::string& why) {
        std::cout << "kept " << name << ' ' << why << '\n';
      });
}

void run(const Words& words) {
  const auto& command = words.at(0);
  const auto storage = V2Storage::open(words.at(1), V2Storage::Missing::create);
  if (command == "audit") {
    return audit(*storage);
  }
  if (command == "gc") {
    return collect(storage);
  }
  const auto repository = storage->repository(words.at(2));
  if (command == "push-many") {
    return push_many(*repository);
  }
  const auto tag = oci::ManifestName::tag(words.at(3));
  if (command == "push") {
    std::cout << put_image(*repository, words.at(4), words.at(3)).digest.to_string() << '\n';
  } else if (command == "read") {
    const auto document = read_manifest(*repository, tag);
    read_all(*repository, document);
    std::cout << document.digest.to_string() << '\n';
  } else if (command == "read-many") {
    for (auto left = parse_whole_number<int>(words.at(4)).value(); left > 0; --left) {
      read_manifest(*repository, tag);
    }
  } else if (command == "put-many") {
    const auto document = read_manifest(*repository, tag);
    for (auto left = parse_whole_number<int>(words.at(4)).value(); left > 0; --left) {
      repository->put_manifest(document, {});
    }
  } else if (command == "refer") {
    Json more = Json::object();
    more["subject"] = read_manifest(*repository, tag).descriptor().to_json();
    std::cout << put_image(*repository, "artifact", {}, more).digest.to_string() << '\n';
  } else if (command == "untag") {
    repository->remove_tag(words.at(3));
  } else {
    throw Error(ErrorKind::usage, "no such command: " + command);
  }
}

} // namespace

int main(int count, char** words) {
  try {
    run(Words(words + 1, words + count));
    return 0;
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}
