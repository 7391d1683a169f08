// SPDX-License-Identifier: Apache-2.0
// registry/v2 on the command line, for tests/interop/test_v2_client.py: each verb is a few calls of
// the interface. Prints lines; the exit status is 20 and the number of the ErrorKind.

#include <regctl/base/error.hpp>
#include <regctl/base/stream.hpp>
#include <regctl/http/client.hpp>
#include <regctl/http/credentials.hpp>
#include <regctl/http/settings.hpp>
#include <regctl/model/oci/media_type.hpp>
#include <regctl/model/oci/repository.hpp>
#include <regctl/model/reference.hpp>
#include <regctl/registry/registries.hpp>

#include <cstdlib>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

using namespace regctl;

namespace {

constexpr int k_first_error_status = 20;

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

http::ClientOptions client_options() {
  http::ClientOptions options;
  options.retry_delay = std::chrono::milliseconds(20);
  options.note = [](const std::string& sentence) { std::cerr << "note: " << sentence << "\n"; };
  options.settings = [](const std::string&) {
    http::HostSettings settings;
    settings.verify_tls = environment("V2_INSECURE").empty();
    if (const auto file = environment("V2_CA_FILE"); !file.empty()) {
      settings.ca_files = {file};
    }
    return settings;
  };
  if (const auto retries = environment("V2_RETRIES"); !retries.empty()) {
    options.retries = static_cast<unsigned>(std::stoul(retries));
  }
  if (!environment("V2_DEBUG").empty()) {
    options.debug = [](const std::string& line) { std::cerr << line << "\n"; };
  }
  return options;
}

http::Credentials::Options credential_options() {
  http::Credentials::Options options;
  if (const auto user = environment("V2_USER"); !user.empty()) {
    options.from_flags = http::Credential{user, http::Secret(environment("V2_PASSWORD")),
                                          http::Secret(environment("V2_IDENTITY_TOKEN")), "a test"};
  }
  return options;
}

registry::v2::Options registry_options() {
  registry::v2::Options options;
  if (const auto bytes = environment("V2_CHUNK_BYTES"); !bytes.empty()) {
    options.chunk_bytes = std::stoull(bytes);
  }
  if (!environment("V2_REPLACE_TAG").empty()) {
    options.shared_digest = registry::v2::SharedDigest::replace;
  }
  return options;
}

class Program {
public:
  int run(const std::vector<std::string>& words) {
    const std::map<std::string, std::function<void()>> verbs = {
        {"protocols", [&] { protocols(words.at(1)); }},
        {"login", [&] { login(words.at(1)); }},
        {"catalog", [&] { catalog(words.at(1)); }},
        {"tags", [&] { tags(words.at(1)); }},
        {"digest", [&] { digest(words.at(1)); }},
        {"manifest", [&] { manifest(words.at(1)); }},
        {"copy", [&] { copy(words.at(1), words.at(2)); }},
        {"stream", [&] { stream(words.at(1), words.at(2)); }},
        {"rm", [&] { remove(words.at(1)); }},
        {"rm-repository", [&] { open(words.at(1))->remove(); }},
        {"referrers", [&] { referrers(words.at(1)); }},
    };
    const auto found = verbs.find(words.at(0));
    if (found == verbs.end()) {
      std::cerr << "no such verb\n";
      return 2;
    }
    found->second();
    return 0;
  }

private:
  std::unique_ptr<OciRepository> open(const std::string& text) {
    const auto reference = Reference::parse(text);
    return registries_.v2({reference.host}).open(reference.name);
  }

  static oci::ManifestName name_of(const std::string& text) {
    const auto reference = Reference::parse(text);
    return reference.digest ? oci::ManifestName(oci::Digest::parse(*reference.digest, "a digest"))
                            : oci::ManifestName::tag(reference.tag_or_latest());
  }

  static void print(const std::vector<std::string>& lines) {
    for (const auto& line : lines) {
      std::cout << line << "\n";
    }
  }

  void protocols(const std::string& host) {
    for (const auto protocol : registries_.protocols({host})) {
      std::cout << (protocol == Protocol::v2 ? "v2\n" : "v1\n");
    }
  }

  void login(const std::string& host) {
    const auto registry = registries_.connect_v2({host}, credentials_.find(host));
    std::cout << (registry->check_credential() ? "accepted\n" : "not checked\n");
  }

  void catalog(const std::string& host) { registries_.v2({host}).list_repositories(&print); }

  void tags(const std::string& text) { open(text)->list_tags(&print); }

  void digest(const std::string& text) {
    const auto found = open(text)->find_manifest(name_of(text));
    if (!found) {
      throw Error(ErrorKind::not_found, "there is no " + text);
    }
    std::cout << found->digest.to_string() << " " << found->size_bytes << " " << found->media_type
              << "\n";
  }

  oci::Document read(OciRepository& repository, const oci::ManifestName& name) {
    auto document = repository.read_manifest(name);
    if (!document) {
      throw Error(ErrorKind::not_found,
                  "there is no " + repository.describe() + " " + name.to_string());
    }
    return std::move(*document);
  }

  void manifest(const std::string& text) { std::cout << read(*open(text), name_of(text)).bytes; }

  void copy(const std::string& from, const std::string& to) {
    const auto source = open(from);
    const auto target = open(to);
    const auto from_reference = Reference::parse(from);
    const auto to_reference = Reference::parse(to);
    mount_from_ = from_reference.host == to_reference.host ? from_reference.name : std::string();
    move(*source, *target, name_of(from), to_reference.tag_or_latest());
  }

  void move(OciRepository& source, OciRepository& target, const oci::ManifestName& name,
            const std::optional<std::string>& tag) {
    const auto document = read(source, name);
    const auto manifest = oci::Manifest::parse(document.bytes, document.media_type, "a manifest");
    for (const auto& child : manifest.manifests) {
      move(source, target, child.digest, std::nullopt);
    }
    for (const auto& blob : manifest.blobs()) {
      if (target.find_blob(blob.digest)) {
        std::cout << "had " << blob.digest.to_string() << "\n";
      } else if (!mount_from_.empty() && target.mount_blob(blob, mount_from_)) {
        std::cout << "mounted " << blob.digest.to_string() << "\n";
      } else {
        target.put_blob({blob.digest,
                         manifest.kind == oci::Manifest::Kind::schema1
                             ? std::nullopt
                             : std::optional(blob.size_bytes),
                         [&source, blob] { return source.open_blob(blob); }});
        std::cout << "put " << blob.digest.to_string() << "\n";
      }
    }
    for (const auto& referrer : source.referrers(document.digest, oci::ReferrersTag::unknown)) {
      if (moved_.insert(referrer.digest.to_string()).second) {
        move(source, target, referrer.digest, std::nullopt);
      }
    }
    const auto there = target.find_manifest(tag ? oci::ManifestName::tag(*tag)
                                                : oci::ManifestName(document.digest));
    if (!there || there->digest != document.digest) {
      target.put_manifest(document, tag);
      std::cout << "put " << document.digest.to_string() << "\n";
    }
  }

  /// Stores `bytes` times a letter as a blob of unknown digest.
  void stream(const std::string& text, const std::string& bytes) {
    const std::string content(std::stoull(bytes), 'x');
    const auto put = open(text)->put_blob(
        {std::nullopt, std::nullopt, [&] { return make_view_source(content); }});
    std::cout << put.digest.to_string() << " " << put.size_bytes << "\n";
  }

  void remove(const std::string& text) {
    const auto repository = open(text);
    if (const auto name = name_of(text); name.digest()) {
      repository->remove_manifest(*name.digest());
    } else {
      repository->remove_tag(name.to_string());
    }
  }

  void referrers(const std::string& text) {
    const auto repository = open(text);
    for (const auto& referrer : repository->referrers(read(*repository, name_of(text)).digest,
                                                      oci::ReferrersTag::unknown)) {
      std::cout << referrer.digest.to_string() << " " << referrer.artifact_type << "\n";
    }
  }

  http::Client client_{client_options()};
  http::Credentials credentials_{credential_options()};
  http::Settings settings_ = [] {
    http::Settings::Flags flags;
    flags.insecure = !environment("V2_INSECURE").empty();
    return http::Settings::load(flags);
  }();
  registry::Registries registries_{client_, credentials_, settings_, registry_options()};
  std::string mount_from_;
  std::set<std::string> moved_;
};

} // namespace

int main(int argc, char** argv) {
  try {
    return Program().run({argv + 1, argv + argc});
  } catch (const Error& error) {
    std::cerr << "error: " << error.what() << "\nhint: " << error.hint() << "\n";
    return k_first_error_status + static_cast<int>(error.kind());
  } catch (const std::exception& error) {
    std::cerr << "bug: " << error.what() << "\n";
    return 1;
  }
}
