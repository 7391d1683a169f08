// SPDX-License-Identifier: Apache-2.0
#include "cli/commands.hpp"
#include "cli/copy_result.hpp"
#include "cli/places.hpp"
#include "cli/typed_line.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/text.hpp>

#include <memory>

namespace regctl::cli {

namespace {

struct CopyCommandFlags {
  std::string source;
  std::string destination;
  CopyFlags flags;
};

/// Adds a hint to an error about the registry `word`, which may have been meant as a file.
Error with_file_hint(const Error& error, const std::string& word) {
  Error told(error.kind(), error.message(),
             "'" + word + "' was taken for a registry; for a file, write ./" + word);
  for (const auto& frame : error.frames()) {
    told.add_frame(frame);
  }
  return told;
}

/// Whether `error` says that the registry `word` cannot be reached, and `word` may be a file's
/// name.
bool may_mean_file(const Error& error, const std::string& word) {
  return error.kind() == ErrorKind::unavailable && word.find(':') == std::string::npos &&
         error.message().find("://" + lower(word)) != std::string::npos;
}

ExitCode run_copy(const CopyCommandFlags& options, Context& context) {
  if (parse_lone_host(context, options.source)) {
    const bool is_mirror = parse_lone_host(context, options.destination).has_value();
    throw Error(ErrorKind::usage, "'" + options.source + "' names no image",
                is_mirror ? typed_line({"mirror", options.source, options.destination}) +
                                " copies every repository"
                          : "write HOST[:PORT]/NAME[:TAG]");
  }
  const auto from = parse_source(context, options.source);
  if (options.flags.all_tags) {
    refuse_all_tags_of_one(from, options.source);
  }
  auto copy_options = to_options(options.flags);
  if (!options.flags.originals.empty()) {
    copy_options.originals = parse_source(context, options.flags.originals);
  }
  context.set_v2({.chunk_bytes = options.flags.chunk_bytes});
  Place to;
  if (auto host = parse_new_host(context, options.destination)) {
    copy_options.host = std::move(host);
  } else if (auto below = parse_namespace(context, options.destination)) {
    copy_options.host = std::move(below->host);
    copy_options.name_space = std::move(below->name_space);
  } else {
    to = parse_destination(context, options.destination);
  }
  ops::CopyReport report;
  try {
    report = context.verbs().copy(from, to, copy_options);
  } catch (const Error& error) {
    if (copy_options.host && may_mean_file(error, options.destination)) {
      throw with_file_hint(error, options.destination);
    }
    throw;
  }
  if (to.path != "-") {
    print_copied(context, report);
  }
  return ExitCode::ok;
}

Action add_copy(Arguments& arguments) {
  auto options = std::make_shared<CopyCommandFlags>();
  arguments.required("SOURCE", options->source,
                     "HOST[:PORT]/NAME[:TAG|@DIGEST], an archive, oci:DIR[:TAG], "
                     "oci-archive:FILE[:TAG], v1-storage:DIR[:NAME[:TAG]], "
                     "v2-storage:DIR:NAME[:TAG], or docker-daemon:NAME[:TAG]");
  arguments.required(
      "DEST", options->destination,
      "The same, or HOST[:PORT] alone, or HOST[:PORT]/NAMESPACE/, to keep the image's name");
  arguments.flag("-a,--all-tags", options->flags.all_tags, "Copy all tags of the repository");
  arguments.flag("--no-compress", options->flags.no_compress,
                 "Send plain tar layers of an archive as they are instead of compressing them");
  arguments.flag("--no-verify", options->flags.no_verify,
                 "For rescue: do not check layers against their checksums");
  arguments.flag("--rescue", options->flags.rescue,
                 "Give what is sound of a v1 image that cannot be converted the tag TAG-rescued");
  arguments.flag("--require-checksum", options->flags.require_checksum,
                 "Refuse layers of which the source tells no checksum");
  add_platform_to_take(arguments, options->flags.platforms);
  add_form(arguments, options->flags.form);
  add_originals(arguments, options->flags.originals);
  add_chunk_size(arguments, options->flags.chunk_bytes);
  arguments.flag("--referrers", options->flags.referrers,
                 "Take along signatures, SBOMs and all else that refers to the image");
  return [options](Context& context) { return run_copy(*options, context); };
}

} // namespace

Command copy_command() {
  return {{.name = "copy",
           .aliases = {"cp"},
           .summary = "Copy an image between registries, archives and the Docker engine",
           .details = "Image IDs, digests and layers stay what they are, byte for byte. Prints one "
                      "line for each tag: its name and the image's ID or digest. An image for "
                      "several platforms is copied whole unless --platform is given.",
           .examples = {"regctl copy localhost:5000/team/app:1.0 mirror.local:5000/team/app:1.0",
                        "regctl copy -a localhost:5000/team/app mirror.local:5000",
                        "regctl copy app_1.0.tar localhost:5000/team/app:1.0"}},
          add_copy};
}

} // namespace regctl::cli
