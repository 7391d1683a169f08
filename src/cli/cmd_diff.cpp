// SPDX-License-Identifier: Apache-2.0
#include "cli/commands.hpp"
#include "cli/counts.hpp"
#include "cli/image_diff.hpp"
#include "cli/output.hpp"
#include "cli/scope_flags.hpp"
#include "cli/text.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/json.hpp>
#include <regctl/model/v1/image.hpp>
#include <regctl/ops/problem.hpp>

#include <memory>

namespace regctl::cli {

namespace {

struct DiffFlags {
  ScopeFlags scope;
  std::string platform;
  bool no_trunc = false;
};

Json to_json(const ops::TagDifference& tag) {
  return {{"repository", tag.repository},
          {"tag", tag.tag},
          {"difference", to_string(tag.difference)},
          {"a", or_null(tag.a)},
          {"b", or_null(tag.b)},
          {"error", nullptr}};
}

/// A row for a repository that could not be compared, so that scripts do not take it for equal.
Json uncompared_to_json(const std::string& repository, const std::exception_ptr& problem) {
  return {{"repository", repository},
          {"tag", nullptr},
          {"difference", "not looked at"},
          {"a", nullptr},
          {"b", nullptr},
          {"error", ops::error_or_null(problem)}};
}

std::string show_id(const std::optional<std::string>& id, const DiffFlags& flags) {
  return !id ? "-" : flags.no_trunc ? *id : short_identity(*id);
}

std::string summary_line(const ops::DiffSummary& summary) {
  auto line = number_of(summary.repositories, "repository", "repositories") + ": ";
  const auto same = number_of(summary.same, "tag", "tags");
  line += summary.is_equal() ? "no difference in " + same
                             : same + (summary.same == 1 ? " is the same" : " are the same");
  struct Count {
    std::uint64_t number;
    const char* what;
  };
  for (const auto& [number, what] :
       {Count{summary.missing, "missing"}, Count{summary.extra, "extra"},
        Count{summary.different, "different"}, Count{summary.unreadable, "unreadable"},
        Count{summary.problems.number, summary.problems.number == 1
                                           ? "repository not looked at"
                                           : "repositories not looked at"}}) {
    line += number == 0 ? std::string() : ", " + std::to_string(number) + " " + what;
  }
  return line;
}

bool names_one_image(const ops::Endpoint& end) {
  return end.place && ops::names_one_image(*end.place);
}

ExitCode run_images(const DiffFlags& flags, const ops::Scope& scope, Context& context) {
  const auto& repositories = flags.scope.scope.repositories;
  const auto& tags = flags.scope.scope.tags;
  if (!repositories.include.empty() || !repositories.exclude.empty() || !tags.include.empty() ||
      !tags.exclude.empty()) {
    throw Error(ErrorKind::usage,
                "patterns choose among repositories and tags, and these are images",
                "leave out the patterns, or the tags of A and B");
  }
  ops::ImageDiffOptions options;
  if (!flags.platform.empty()) {
    options.platform = oci::Platform::parse(flags.platform);
  }
  return run_image_diff(*scope.a.place, *scope.b->place, options, flags.no_trunc, context);
}

ExitCode run_diff(const DiffFlags& flags, Context& context) {
  const auto scope = scope_of(flags.scope, context);
  if (names_one_image(scope.a) && names_one_image(*scope.b)) {
    return run_images(flags, scope, context);
  }
  if (!flags.platform.empty()) {
    throw Error(ErrorKind::usage, "--platform is for two images, and these are not",
                "name an image at both ends: HOST[:PORT]/NAME:TAG");
  }
  context.show_totals_only();
  Listing listing(context, {"REPOSITORY", "TAG", "DIFFERENCE", "A", "B"});
  const ops::DiffListener listener = {
      [&](const ops::TagDifference& tag) {
        if (listing.wants_json()) {
          listing.add(to_json(tag));
        } else {
          listing.add_row({tag.repository, tag.tag, std::string(to_string(tag.difference)),
                           show_id(tag.a, flags), show_id(tag.b, flags)});
        }
      },
      [&](const std::string& repository, const std::exception_ptr& problem) {
        if (listing.wants_json()) {
          listing.add(uncompared_to_json(repository, problem));
        }
        context.failure(repository + ": " + ops::explain(problem).message);
      }};
  const auto summary = context.verbs().diff(scope, listener);
  listing.finish(Listing::WhenEmpty::nothing);
  context.note(summary_line(summary));
  const auto code =
      summary.is_equal() ? exit_code_of(summary.problems, summary.repositories) : ExitCode::partial;
  return note_unmatched(context, scope, summary.problems, flags.scope.is_strict, code);
}

Action add_diff(Arguments& arguments) {
  auto flags = std::make_shared<DiffFlags>();
  arguments.required("A", flags->scope.a, k_scope_a);
  arguments.required("B", flags->scope.b, "The same, as a mirror from A would be made");
  add_filter_flags(arguments, flags->scope.scope.repositories, flags->scope.scope.tags, "Compare");
  add_strict_flag(arguments, flags->scope.is_strict);
  arguments.value("--platform", "PLATFORM", flags->platform,
                  "Of images for several platforms, those for this one instead of this machine's: "
                  "OS/ARCH[/VARIANT]");
  arguments.flag("--no-trunc", flags->no_trunc, "Show whole image IDs, sums and values");
  return [flags](Context& context) { return run_diff(*flags, context); };
}

} // namespace

Command diff_command() {
  return {{.name = "diff",
           .aliases = {},
           .summary = "Tell which tags two registries do not have alike, or what two images do not",
           .details = "Prints tags that B misses, has besides, or has with another image. Reads no "
                      "images: regctl verify does. Where A and B both name one image, compares "
                      "these: config, layers and files. Ends with 10 if anything differs.",
           .examples = {"regctl diff old:5000 new:5000",
                        "regctl diff new:5000/team/app:1.0 new:5000/team/app:1.1",
                        "regctl diff old:5000/team/app new:5000/team/app --include-tag '1.*'"}},
          add_diff};
}

} // namespace regctl::cli
