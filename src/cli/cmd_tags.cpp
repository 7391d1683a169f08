// SPDX-License-Identifier: Apache-2.0
#include "cli/commands.hpp"
#include "cli/output.hpp"
#include "cli/places.hpp"
#include "cli/text.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/json.hpp>

#include <algorithm>
#include <memory>

namespace regctl::cli {

namespace {

struct TagsFlags {
  std::string place;
  bool is_long = false;
  bool no_trunc = false;
};

Place parse_listed(Context& context, const std::string& text) {
  if (parse_lone_host(context, text)) {
    throw Error(ErrorKind::usage, "'" + text + "' names no repository",
                "'regctl images " + text + "' lists all of them with their tags");
  }
  auto place = parse_source(context, text);
  if (place.kind == Place::Kind::registry) {
    refuse_tag(*place.reference, text);
  }
  return place;
}

struct Name {
  std::string repository;
  std::string tag;
};

/// Splits a tag of `place` into repository and tag. Archives and whole trees name their tags
/// "team/app:1.0".
Name split(const Place& place, const std::string& tag) {
  if (place.has_entries()) {
    return {"", tag};
  }
  const bool is_one_repository = place.kind == Place::Kind::registry || place.is_storage();
  if (is_one_repository && place.reference) {
    return {place.reference->name, tag};
  }
  const auto colon = tag.rfind(':');
  return colon == std::string::npos ? Name{"", tag}
                                    : Name{tag.substr(0, colon), tag.substr(colon + 1)};
}

void show_tag(Listing& listing, const Name& name, const ops::ListedTag& tag,
              const TagsFlags& options) {
  if (listing.wants_json()) {
    listing.add(
        Json{{"repository", or_null(name.repository)}, {"tag", name.tag}, {"id", or_null(tag.id)}});
  } else if (tag.id && options.is_long) {
    listing.add_row({tag.tag, options.no_trunc ? *tag.id : short_identity(*tag.id)});
  } else if (!tag.is_broken && !options.is_long) {
    listing.add_row({tag.tag});
  }
}

ExitCode run_tags(const TagsFlags& options, Context& context) {
  const auto place = parse_listed(context, options.place);
  auto tags = context.verbs().list_tags(place, options.is_long ? ops::Identities::all
                                                               : ops::Identities::as_listed);
  std::sort(tags.begin(), tags.end(),
            [](const auto& a, const auto& b) { return natural_less(a.tag, b.tag); });
  Listing listing(context, options.is_long ? std::vector<std::string>{"TAG", "IMAGE ID"}
                                           : std::vector<std::string>());
  for (const auto& tag : tags) {
    show_tag(listing, split(place, tag.tag), tag, options);
    if (tag.is_broken) {
      context.note("tag " + tag.tag + " is listed, but the registry cannot read it");
    }
  }
  listing.finish();
  return ExitCode::ok;
}

Action add_tags(Arguments& arguments) {
  auto options = std::make_shared<TagsFlags>();
  arguments.required("PLACE", options->place,
                     "A repository (HOST[:PORT]/NAME, v1-storage:DIR:NAME or v2-storage:DIR:NAME), "
                     "an archive, oci:DIR, or docker-daemon:[NAME]");
  arguments.flag("-l,--long", options->is_long, "Show the image IDs or digests too");
  arguments.flag("--no-trunc", options->no_trunc, "Show whole IDs and digests");
  return [options](Context& context) { return run_tags(*options, context); };
}

} // namespace

Command tags_command() {
  return {{.name = "tags",
           .aliases = {"tag-list", "ls"},
           .summary = "List the tags of a repository, one per line",
           .details = "Tags are sorted as people count: 1.9 before 1.10. A tag that the registry "
                      "lists but cannot read is told on standard error. Digests of a v2 registry "
                      "cost a request for each tag. Tags that only list signatures and the like "
                      "are left out.",
           .examples = {"regctl tags localhost:5000/team/app",
                        "regctl tags -l localhost:5000/team/app"}},
          add_tags};
}

} // namespace regctl::cli
