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

struct TagFlags {
  std::vector<std::string> names; ///< SOURCE and NEW..., or only NEW... with an ID
  std::string id;
};

/// Reads a new name. A tag alone belongs to the repository of `source`.
Place parse_new_name(Context& context, const std::string& text,
                     const std::optional<Place>& source) {
  if (source && is_tag(text)) {
    auto name = *source;
    name.reference->tag = text;
    name.reference->digest.reset();
    return name;
  }
  return parse_tag_place(context, text);
}

void print_tagged(Context& context, Listing& tagged, Place name, const std::string& id) {
  name.reference->tag = name.reference->tag_or_latest();
  if (context.wants_json()) {
    auto members = name_members(name);
    members["id"] = id;
    tagged.add(members);
  } else {
    context.out() << show_place(name.to_string()) << ' ' << (is_v1_id(id) ? short_id(id) : id)
                  << '\n';
  }
}

/// Turns `regctl tag ID NEW...` into `regctl tag --id ID NEW...`.
TagFlags with_id_taken(TagFlags options) {
  if (options.id.empty() && is_v1_id(options.names.front())) {
    options.id = options.names.front();
    options.names.erase(options.names.begin());
  }
  return options;
}

ExitCode run_tag(const TagFlags& written, Context& context) {
  const auto options = with_id_taken(written);
  const bool has_id = !options.id.empty();
  const auto source =
      has_id ? std::nullopt : std::optional(parse_tag_place(context, options.names.front()));
  std::vector<Place> targets;
  for (std::size_t i = has_id ? 0 : 1; i < options.names.size(); ++i) {
    targets.push_back(parse_new_name(context, options.names[i], source));
  }
  if (targets.empty()) {
    throw Error(ErrorKind::usage, "NEW is missing");
  }
  context.console().let_reader_go();
  Listing tagged(context, {});
  for (const auto& target : targets) {
    auto id = options.id;
    if (has_id) {
      context.verbs().tag_id(id, target);
    } else {
      id = context.verbs().tag_image(*source, target);
    }
    print_tagged(context, tagged, target, id);
  }
  tagged.finish();
  return ExitCode::ok;
}

Action add_tag(Arguments& arguments) {
  auto options = std::make_shared<TagFlags>();
  arguments.repeated("NAME", options->names,
                     "An image, HOST[:PORT]/NAME[:TAG|@DIGEST], v1-storage:DIR:NAME[:TAG], "
                     "v2-storage:DIR:NAME[:TAG], docker-daemon:NAME[:TAG] or a full ID, and the "
                     "names to give it: a tag, or such a name in the same registry, tree or "
                     "engine. With --id the new names alone");
  arguments.value("--id", "ID", options->id, "Tag the image of this full ID");
  return [options](Context& context) { return run_tag(*options, context); };
}

} // namespace

Command tag_command() {
  return {
      {.name = "tag",
       .aliases = {},
       .summary = "Give an image at a registry or in a storage tree further names; no layer moves",
       .details = "Prints one line for each new name.",
       .examples = {"regctl tag localhost:5000/team/app:1.0 stable latest",
                    "regctl tag localhost:5000/team/app:1.0 localhost:5000/other/app:1.0"}},
      add_tag};
}

} // namespace regctl::cli
