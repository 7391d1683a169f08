// SPDX-License-Identifier: Apache-2.0
#include "cli/commands.hpp"
#include "cli/copy_result.hpp"
#include "cli/output.hpp"
#include "cli/places.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/json.hpp>

#include <memory>
#include <ostream>

namespace regctl::cli {

namespace {

struct IndexFlags {
  std::string index;
  std::vector<std::string> images;
  std::string platforms;
};

void print(Context& context, const Place& index, const ops::IndexResult& result) {
  if (context.wants_json()) {
    print_json(context.out(), {{"place", index.to_string()},
                               {"digest", result.digest.to_string()},
                               {"images", result.images}});
  } else {
    context.out() << show_place(index.to_string()) << ' ' << result.digest.to_string() << '\n';
  }
}

std::vector<Place> parse_images(const IndexFlags& options, Context& context) {
  std::vector<Place> images;
  for (const auto& image : options.images) {
    images.push_back(parse_source(context, image));
  }
  return images;
}

ExitCode run_make(const IndexFlags& options, Context& context) {
  const auto index = parse_repository_place(context, options.index);
  print(context, index, context.verbs().make_index(index, parse_images(options, context)));
  return ExitCode::ok;
}

ExitCode run_add(const IndexFlags& options, Context& context) {
  const auto index = parse_repository_place(context, options.index);
  print(context, index, context.verbs().add_to_index(index, parse_images(options, context)));
  return ExitCode::ok;
}

ExitCode run_filter(const IndexFlags& options, Context& context) {
  const auto index = parse_repository_place(context, options.index);
  if (options.platforms.empty()) {
    throw Error(ErrorKind::usage, "--platform is missing",
                "name the platforms to keep, as in linux/amd64,linux/arm64");
  }
  print(context, index, context.verbs().filter_index(index, to_platforms(options.platforms)));
  return ExitCode::ok;
}

constexpr const char* k_index_places = "HOST[:PORT]/NAME:TAG or v2-storage:DIR:NAME:TAG";
constexpr const char* k_image_places =
    "HOST[:PORT]/NAME[:TAG|@DIGEST], oci:DIR[:TAG|@DIGEST], oci-archive:FILE[:TAG], or "
    "v2-storage:DIR:NAME[:TAG|@DIGEST]";

Action add_make(Arguments& arguments) {
  auto options = std::make_shared<IndexFlags>();
  arguments.required("INDEX", options->index, k_index_places);
  arguments.repeated("IMAGE", options->images, k_image_places);
  return [options](Context& context) { return run_make(*options, context); };
}

Action add_add(Arguments& arguments) {
  auto options = std::make_shared<IndexFlags>();
  arguments.required("INDEX", options->index, k_index_places);
  arguments.repeated("IMAGE", options->images, k_image_places);
  return [options](Context& context) { return run_add(*options, context); };
}

Action add_filter(Arguments& arguments) {
  auto options = std::make_shared<IndexFlags>();
  arguments.required("INDEX", options->index, k_index_places);
  add_platform(arguments, options->platforms);
  return [options](Context& context) { return run_filter(*options, context); };
}

} // namespace

Command index_command() {
  return {{.name = "index",
           .aliases = {},
           .summary = "Make and change images for several platforms",
           .details = "",
           .examples = {"regctl index make localhost:5000/app:1.0 localhost:5000/app:1.0-amd64 "
                        "localhost:5000/app:1.0-arm64"}},
          nullptr};
}

Command index_make_command() {
  return {{.name = "index make",
           .aliases = {"index create"},
           .summary = "Make one image for several platforms of several images",
           .details =
               "Images of other places are copied first. The platform of each is told by its "
               "config. Prints the digest of the index.",
           .examples = {"regctl index make localhost:5000/app:1.0 localhost:5000/app:1.0-amd64 "
                        "localhost:5000/app:1.0-arm64"}},
          add_make};
}

Command index_add_command() {
  return {{.name = "index add",
           .aliases = {},
           .summary = "Add images to an image for several platforms",
           .details = "An image for a platform that is in the index already replaces that one.",
           .examples = {"regctl index add localhost:5000/app:1.0 localhost:5000/app:1.0-s390x"}},
          add_add};
}

Command index_filter_command() {
  return {{.name = "index filter",
           .aliases = {},
           .summary = "Leave only some platforms in an image for several platforms",
           .details = "The other images stay in the repository, without a name.",
           .examples = {"regctl index filter --platform linux/amd64,linux/arm64 "
                        "localhost:5000/app:1.0"}},
          add_filter};
}

} // namespace regctl::cli
