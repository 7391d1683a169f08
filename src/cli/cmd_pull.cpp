// SPDX-License-Identifier: Apache-2.0
#include "cli/commands.hpp"
#include "cli/copy_result.hpp"
#include "cli/places.hpp"
#include "cli/text.hpp"
#include "cli/typed_line.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/text.hpp>
#include <regctl/formats/path_content.hpp>

#include <filesystem>
#include <memory>
#include <optional>
#include <ostream>
#include <system_error>

namespace regctl::cli {

namespace {

namespace fs = std::filesystem;

struct PullFlags {
  std::string image;
  std::string destination;
  CopyFlags flags;
};

/// "app_1.0.tar" for host:5000/team/app:1.0; "app.tar" for all tags.
std::string default_file(const Reference& image, const CopyFlags& flags) {
  const std::string name(split_path(image.name).name);
  return flags.all_tags ? name + ".tar" : name + "_" + image.tag_or_latest() + ".tar";
}

/// Whether a destination is a file's name. Nothing is pulled to a registry, so that a single word
/// is one, and so is a path into an existing folder.
bool is_file_name(const std::string& text) {
  if (text == "-" || text.find(':') != std::string::npos) {
    return false; // a stream, a scheme, a port or a tag
  }
  const auto folder = fs::path(text).parent_path();
  std::error_code ignored;
  return folder.empty() || fs::is_directory(folder, ignored);
}

/// The scheme to put before a destination, according to the file there; nothing for a folder that
/// is no place.
std::optional<std::string> scheme_of(const std::string& destination) {
  if (!is_file_name(destination)) {
    return "";
  }
  switch (look_at_path(destination)) {
  case PathContent::storage_tree:
    return "v1-storage:";
  case PathContent::v2_tree:
    return "v2-storage:";
  case PathContent::oci_layout:
    return "oci:";
  case PathContent::other_folder:
    return std::nullopt;
  case PathContent::nothing:
  case PathContent::file:
    break;
  }
  return "docker-archive:";
}

Place destination_of(const PullFlags& options, const Reference& image, Context& context) {
  if (options.destination.empty()) {
    Place file;
    file.kind = Place::Kind::docker_archive;
    file.path = default_file(image, options.flags);
    return file;
  }
  auto scheme = scheme_of(options.destination);
  if (!scheme) {
    const fs::path path = options.destination;
    throw Error(ErrorKind::usage, "'" + path.string() + "' is a folder",
                "name a file in it: " + (path / default_file(image, options.flags)).string());
  }
  auto place = parse_destination(context, *scheme + options.destination);
  if (place.kind == Place::Kind::registry) {
    throw Error(
        ErrorKind::usage,
        "'" + options.destination + "' is not a place to pull to: it is taken for an image at " +
            place.reference->host,
        "for a file, name one in a folder that exists, or write docker-archive:FILE; to move "
        "images between registries: " +
            typed_line({"copy", options.image, options.destination}));
  }
  return place;
}

ExitCode run_pull(const PullFlags& options, Context& context) {
  refuse_lone_host(context, options.image);
  const auto from = parse_place(context, options.image);
  const bool is_pullable =
      from.kind == Place::Kind::registry || (from.is_storage() && from.reference);
  if (!is_pullable) {
    throw Error(ErrorKind::usage, "pull wants an image at a registry, not '" + options.image + "'",
                "regctl copy copies from any place to any place");
  }
  if (options.flags.all_tags) {
    refuse_all_tags_of_one(from, options.image);
  }
  const auto to = destination_of(options, *from.reference, context);
  const auto report = context.verbs().copy(from, to, to_options(options.flags));
  if (to.path == "-") {
    return ExitCode::ok; // the result is the archive itself
  }
  if (context.wants_json() || to.kind != Place::Kind::docker_archive) {
    print_copied(context, report);
  } else {
    context.out() << visible(to.path) << '\n';
  }
  return ExitCode::ok;
}

Action add_pull(Arguments& arguments) {
  auto options = std::make_shared<PullFlags>();
  arguments.required("IMAGE", options->image,
                     "HOST[:PORT]/NAME[:TAG|@DIGEST], v1-storage:DIR:NAME[:TAG], or "
                     "v2-storage:DIR:NAME[:TAG]");
  arguments.optional("DEST", options->destination,
                     "A file, '-' for standard output, docker-archive:FILE[:NAME[:TAG]], "
                     "docker-daemon:[NAME[:TAG]], oci:DIR[:TAG], oci-archive:FILE[:TAG], "
                     "v1-storage:DIR[:NAME[:TAG]], or v2-storage:DIR[:NAME[:TAG]]; NAME_TAG.tar "
                     "here if left out");
  arguments.flag("-a,--all-tags", options->flags.all_tags, "Pull all tags of the repository");
  arguments.flag("--no-verify", options->flags.no_verify,
                 "For rescue: do not check layers against their checksums");
  arguments.flag("--require-checksum", options->flags.require_checksum,
                 "Refuse layers of which the source tells no checksum");
  add_platform_to_take(arguments, options->flags.platforms);
  add_form(arguments, options->flags.form);
  return [options](Context& context) { return run_pull(*options, context); };
}

} // namespace

Command pull_command() {
  return {{.name = "pull",
           .aliases = {},
           .summary = "Write an image from a registry to an archive that 'docker load' reads",
           .details = "Prints the name of the file that was written. Layers are verified on the "
                      "way, and the file appears under its name only when it is complete.",
           .examples = {"regctl pull localhost:5000/team/app:1.0",
                        "regctl pull localhost:5000/team/app:1.0 - | docker load",
                        "regctl pull -a localhost:5000/team/app all.tar"}},
          add_pull};
}

} // namespace regctl::cli
