// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/yaml.hpp>
#include <regctl/ops/mirror/import.hpp>

#include <cstddef>
#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace regctl::ops::mirror {

/// A mirror of the file that is being made; all values as the file has them.
struct MirrorDraft {
  int line = 0; ///< in the foreign file
  std::string source;
  std::string destination;
  std::vector<std::string> repositories; ///< patterns to include
  std::vector<std::string> excluded_repositories;
  std::vector<std::string> tags; ///< patterns to include
  std::vector<std::string> excluded_tags;
  std::string semver;
  std::string latest;
  std::vector<std::string> platforms;
  std::string prefix;
  bool referrers = false;
  std::vector<std::string> remarks;
  std::string left_out; ///< why it is a comment only; empty: it is a mirror
};

/// How a registry is reached, in the file that is being made.
struct RegistryDraft {
  bool insecure = false;
  bool plain_http = false;
  std::string ca_file;
  std::string client_cert;
  std::string client_key;
  std::string jobs;
  std::string requests_per_second;
  std::vector<std::string> remarks;
};

/// The mirror file that is being made of a foreign one.
class ConfigDraft {
public:
  /// Adds a comment at the head of the file, unless it is there already.
  void remark(std::string text);

  /// The settings of a registry, HOST[:PORT] or that and a path. Of a text that names none, the
  /// settings go nowhere, and a comment says so.
  RegistryDraft& registry(const std::string& host, int line);

  /// Adds a mirror. One that the reader of mirror files would refuse is left out instead, as is one
  /// that would fill a repository which another one fills.
  void add(MirrorDraft draft);

  /// Prints the file. Throws Error{unsupported} if it would have no mirror.
  [[nodiscard]] ImportedConfig print(ForeignProgram program, const std::string& file) const;

private:
  std::vector<std::string> remarks_;
  std::map<std::string, RegistryDraft> registries_;
  RegistryDraft nowhere_;
  std::vector<MirrorDraft> mirrors_;
  std::map<std::string, std::string> sources_; ///< by the repository that is filled from them
};

/// Whether a mirror file can have this value as it is: "${" would be a variable there.
bool is_writable(std::string_view text);

/// The text of a scalar; empty for anything else, and for null.
std::string text_of(const Yaml* yaml);
/// The texts of a list, or of one scalar; empty for anything else. Items that are no text are "".
std::vector<std::string> texts_of(const Yaml* yaml);
/// Whether a scalar is true, as YAML 1.1 writes it.
bool is_true(const Yaml* yaml);

/// A key of a foreign file without a counterpart, and what is said about it.
struct Untaken {
  std::string_view key;
  std::string_view text;
};

/// "line 7: 'hooks' is left out: TEXT" for each member of `yaml` that is in `untaken`; those that
/// are neither there nor in `taken` are not known.
std::vector<std::string> remarks_on(const Yaml& yaml, std::initializer_list<std::string_view> taken,
                                    const std::vector<Untaken>& untaken);

/// "line 7: TEXT"
std::string at_line(int line, std::string_view text);

/// The pattern of a mirror file that takes the names in which `regex` of Go is found anywhere.
std::string pattern_of_search(std::string_view regex);

/// Adds a tag to those that `mirror` takes. The mirror is left out if `text` is none.
void take_tag(const std::string& text, MirrorDraft& mirror);

/// Lets `mirror` take versions in one of these ranges. It is left out if there are none.
void take_semver(const std::vector<std::string>& ranges, MirrorDraft& mirror);

/// A reference as docker, skopeo and regclient read it ("alpine" is docker.io/library/alpine) in
/// two parts, of which the name is "HOST/NAME". Throws Error{usage}.
struct ForeignReference {
  std::string repository;
  std::string tag;    ///< may be empty
  std::string digest; ///< may be empty

  static ForeignReference parse(const std::string& text);
};

// One for each program. They read all files' documents into `draft`, and throw Error{usage} for
// what is no such file at all.
void import_skopeo(const Yaml& document, const std::string& destination, ConfigDraft& draft);
void import_regsync(const Yaml& document, ConfigDraft& draft);
void import_image_syncer(const std::vector<Yaml>& documents, ConfigDraft& draft);
void import_dregsy(const Yaml& document, ConfigDraft& draft);

} // namespace regctl::ops::mirror
