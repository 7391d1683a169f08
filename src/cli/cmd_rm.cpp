// SPDX-License-Identifier: Apache-2.0
#include "cli/commands.hpp"
#include "cli/output.hpp"
#include "cli/places.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/json.hpp>

#include <memory>
#include <ostream>

namespace regctl::cli {

namespace {

struct RmFlags {
  std::vector<std::string> names;
  bool is_repository = false;
  bool yes = false;
  bool replace_tag = false;
};

Place parse_tagged(Context& context, const std::string& text) {
  auto place = parse_tag_place(context, text);
  if (!place.reference->tag && !place.reference->digest) {
    throw Error(ErrorKind::usage, "'" + text + "' names no tag",
                "write HOST[:PORT]/NAME:TAG; --repository removes all of it");
  }
  if (place.reference->tag && place.reference->digest) { // with the manifest all its tags would go
    throw Error(ErrorKind::usage, "'" + text + "' names a tag and a digest",
                "leave out the digest to remove the tag, or the tag to remove the manifest");
  }
  return place;
}

Place parse_whole(Context& context, const std::string& text) {
  auto place = parse_tag_place(context, text);
  refuse_tag(*place.reference, text);
  return place;
}

void confirm(const Place& repository, Context& context) {
  const auto answer = context.console().ask(
      "Remove " + show_place(repository.to_string()) + " with all its tags? [y/N] ", Echo::on);
  if (!answer) {
    throw Error(ErrorKind::usage, "removing a repository wants a confirmation", "add --yes");
  }
  if (*answer != "y" && *answer != "Y" && *answer != "yes") {
    throw Error(ErrorKind::usage,
                "not confirmed: " + show_place(repository.to_string()) + " stays");
  }
}

void remove(const Place& name, const RmFlags& options, Context& context) {
  if (!options.is_repository) {
    context.verbs().remove_tag(name);
    return;
  }
  if (!options.yes) {
    confirm(name, context);
  }
  context.verbs().remove_repository(name);
}

ExitCode run_rm(const RmFlags& options, Context& context) {
  std::vector<Place> names; // all are checked before the first is removed
  for (const auto& name : options.names) {
    names.push_back(options.is_repository ? parse_whole(context, name)
                                          : parse_tagged(context, name));
  }
  if (options.replace_tag) {
    context.set_v2({.replaces_shared_tags = true});
  }
  context.console().let_reader_go();
  Listing removed(context, {});
  for (const auto& name : names) {
    remove(name, options, context);
    if (context.wants_json()) {
      removed.add(name_members(name));
    } else {
      context.out() << show_place(name.to_string()) << '\n' << std::flush;
    }
  }
  removed.finish();
  return ExitCode::ok;
}

Action add_rm(Arguments& arguments) {
  auto options = std::make_shared<RmFlags>();
  arguments.repeated("NAME", options->names,
                     "HOST[:PORT]/NAME:TAG or NAME@DIGEST, v1-storage:DIR:NAME:TAG, "
                     "v2-storage:DIR:NAME:TAG or docker-daemon:NAME:TAG; with --repository without "
                     ":TAG");
  arguments.flag("--repository", options->is_repository,
                 "Remove whole repositories with all their tags");
  arguments.flag("--replace-tag", options->replace_tag,
                 "At a registry that removes digests alone: put a tag that shares its digest with "
                 "others on a throw-away manifest first");
  arguments.flag("-y,--yes", options->yes, "Do not ask before a repository is removed");
  return [options](Context& context) { return run_rm(*options, context); };
}

} // namespace

Command rm_command() {
  return {{.name = "rm",
           .aliases = {},
           .summary =
               "Remove tags or repositories from a registry, a storage tree or the Docker engine",
           .details = "A registry of protocol v1 keeps the images themselves; the Docker engine "
                      "removes an image with its last name. Prints what was removed; stops at the "
                      "first failure.",
           .examples = {"regctl rm localhost:5000/team/app:0.9 localhost:5000/team/app:0.8",
                        "regctl rm --repository --yes localhost:5000/team/app"}},
          add_rm};
}

} // namespace regctl::cli
