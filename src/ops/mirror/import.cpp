// SPDX-License-Identifier: Apache-2.0
#include "ops/mirror/import_draft.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/visible.hpp>

#include <algorithm>

namespace regctl::ops::mirror {

namespace {

constexpr const char* k_force = "--from-program says whose file it is: skopeo, regsync, "
                                "image-syncer or dregsy";

bool has_any(const Yaml& yaml, std::initializer_list<std::string_view> keys) {
  return std::any_of(keys.begin(), keys.end(),
                     [&](std::string_view key) { return yaml.find(key) != nullptr; });
}

template <class Test> bool all_values(const Yaml& yaml, Test&& test) {
  return !yaml.members.empty() &&
         std::all_of(yaml.members.begin(), yaml.members.end(),
                     [&](const YamlMember& member) { return test(member.value); });
}

bool is_skopeo_registry(const Yaml& yaml) {
  return has_any(yaml, {"images", "images-by-tag-regex", "images-by-semver"}) ||
         has_any(yaml, {"tls-verify", "cert-dir", "credentials"});
}

bool is_image_syncer(const Yaml& yaml) {
  const auto* images = yaml.find("images");
  if (images != nullptr || yaml.find("auth") != nullptr) {
    return images == nullptr || images->find("images") == nullptr;
  }
  const auto is_destination = [](const Yaml& value) {
    return value.kind == Yaml::Kind::scalar || value.kind == Yaml::Kind::list;
  };
  const auto is_auth = [](const Yaml& value) {
    return value.kind == Yaml::Kind::map && has_any(value, {"username", "password", "insecure"});
  };
  return all_values(yaml, is_destination) || all_values(yaml, is_auth);
}

/// The program whose file this is, by its content.
ForeignProgram program_of(const Yaml& yaml, const std::string& file) {
  if (yaml.find("mirrors") != nullptr) {
    throw Error(ErrorKind::usage, "'" + file + "' is a mirror file already",
                "regctl mirror --config " + file);
  }
  if (yaml.find("tasks") != nullptr) {
    return ForeignProgram::dregsy;
  }
  if (yaml.find("sync") != nullptr) {
    return ForeignProgram::regsync;
  }
  if (is_image_syncer(yaml)) {
    return ForeignProgram::image_syncer;
  }
  if (all_values(yaml, is_skopeo_registry)) {
    return ForeignProgram::skopeo;
  }
  throw Error(ErrorKind::usage, "'" + file + "' is a configuration of no program known here",
              k_force);
}

std::vector<Yaml> documents_of(const std::vector<ForeignFile>& files) {
  std::vector<Yaml> documents;
  for (const auto& file : files) {
    documents.push_back(parse_yaml(file.text, file.name));
    if (documents.back().kind != Yaml::Kind::map) {
      throw Error(ErrorKind::usage, "'" + file.name + "' is no mapping");
    }
  }
  return documents;
}

/// The program of all files.
ForeignProgram program_of(const std::vector<Yaml>& documents,
                          const std::vector<ForeignFile>& files) {
  const auto program = program_of(documents.front(), files.front().name);
  for (std::size_t i = 1; i < documents.size(); ++i) {
    if (program_of(documents[i], files[i].name) != program) {
      throw Error(ErrorKind::usage,
                  "'" + files.front().name + "' and '" + files[i].name +
                      "' are configurations of two programs",
                  "import one after the other");
    }
  }
  return program;
}

} // namespace

std::string_view to_string(ForeignProgram program) noexcept {
  switch (program) {
  case ForeignProgram::skopeo:
    return "skopeo";
  case ForeignProgram::regsync:
    return "regsync";
  case ForeignProgram::image_syncer:
    return "image-syncer";
  case ForeignProgram::dregsy:
    return "dregsy";
  }
  return "?";
}

ImportedConfig import_config(const std::vector<ForeignFile>& files, const ImportOptions& options) {
  const auto documents = documents_of(files);
  const auto program = options.program ? *options.program : program_of(documents, files);
  const bool is_skopeo = program == ForeignProgram::skopeo;
  if (!is_skopeo && !options.destination.empty()) {
    throw Error(ErrorKind::usage, "the file of " + std::string(to_string(program)) +
                                      " says where images go: leave out DEST");
  }
  if (program != ForeignProgram::image_syncer && files.size() > 1) {
    throw Error(ErrorKind::usage, std::string(to_string(program)) + " has one file",
                "import one after the other");
  }
  ConfigDraft draft;
  if (is_skopeo) {
    import_skopeo(documents.front(), options.destination, draft);
  } else if (program == ForeignProgram::regsync) {
    import_regsync(documents.front(), draft);
  } else if (program == ForeignProgram::dregsy) {
    import_dregsy(documents.front(), draft);
  } else {
    import_image_syncer(documents, draft);
  }
  return draft.print(program, files.front().name);
}

} // namespace regctl::ops::mirror
