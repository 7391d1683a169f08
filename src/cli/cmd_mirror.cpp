// SPDX-License-Identifier: Apache-2.0
#include "cli/commands.hpp"
#include "cli/mirror_flags.hpp"
#include "cli/text.hpp"
#include "cli/units.hpp"

#include <regctl/base/error.hpp>
#include <regctl/model/v1_image.hpp>

#include <memory>
#include <ostream>

namespace regctl::cli {

namespace {

using ops::mirror::Summary;
using ops::mirror::TagResult;
using Outcome = TagResult::Outcome;

std::string show_identity(const std::optional<std::string>& identity) {
  return identity ? short_id(*identity) : "-";
}

/// "copied team/app:1.0 90faa9565197", "planned copy team/app:1.0 90faa9565197 (missing)"; empty
/// for what needs no line: what is the same on both sides, or left out.
std::string result_line(const TagResult& result) {
  const auto& tag = result.tag;
  const bool is_change =
      tag.action != ops::mirror::Action::keep && tag.action != ops::mirror::Action::skip;
  if (!is_change || result.outcome == Outcome::failed || result.outcome == Outcome::not_done) {
    return {};
  }
  const auto id = tag.action == ops::mirror::Action::remove ? tag.previous : tag.identity;
  const auto named = tag.destination_name + ":" + tag.tag + " " + show_identity(id);
  if (result.outcome == Outcome::planned) {
    return std::string(to_string(tag.action)) + " " + named + " (" + tag.reason + ")";
  }
  return std::string(outcome_word(result)) + " " + named;
}

std::string count(std::uint64_t number, std::string_view what) {
  return number == 0 ? std::string() : ", " + std::to_string(number) + " " + std::string(what);
}

std::string summary_line(const Summary& summary, bool is_plan) {
  std::string line = std::to_string(summary.repositories) + " repositories";
  if (is_plan) {
    line += ": " + std::to_string(summary.planned) + " tags to change";
  } else {
    line += ": " + std::to_string(summary.copied) + " tags copied" +
            count(summary.updated, "updated") + count(summary.deleted, "deleted") +
            count(summary.kept, "were the same");
  }
  line += count(summary.skipped, "left out") + count(summary.failed, "failed") +
          count(summary.repositories_failed, "repositories failed") +
          count(summary.mirrors_failed, "mirrors failed") +
          count(summary.not_done, "tags not done") +
          count(summary.repositories_not_done, "repositories not done");
  if (!is_plan) {
    line +=
        "; " + std::to_string(summary.images_moved) + " images moved, " + human_size(summary.bytes);
  }
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(summary.time);
  return line + " in " + human_duration(seconds);
}

ExitCode exit_code_of(const Summary& summary) {
  if (!summary.has_failures()) {
    return ExitCode::ok;
  }
  if (summary.has_successes() || !summary.has_one_cause) {
    return ExitCode::partial;
  }
  const auto kind = ops::mirror::explain(summary.first_problem).kind;
  return kind ? cli::exit_code_of(*kind) : ExitCode::failed;
}

void show(Context& context, const TagResult& result, const std::string& json) {
  if (context.wants_json()) {
    context.print_line(json);
  } else if (const auto line = result_line(result); !line.empty()) {
    context.print_line(visible(line));
  }
  if (result.problem) {
    const auto failure = ops::mirror::explain(result.problem);
    context.note(result.tag.source_name + ":" + result.tag.tag + ": " + failure.message);
  }
}

ExitCode run_mirror(const MirrorFlags& flags, Context& context) {
  const auto jobs = mirror_jobs(flags, context);
  if (flags.check) {
    return ExitCode::ok;
  }
  const auto options = mirror_options(flags);
  context.keep_config();
  context.show_totals_only();
  const auto summary =
      context.verbs().mirror(jobs, options, [&](const TagResult& result, const std::string& json) {
        show(context, result, json);
      });
  context.note(summary_line(summary, options.dry_run));
  if (summary.is_interrupted) {
    throw Error(ErrorKind::interrupted, "interrupted");
  }
  const auto code = exit_code_of(summary);
  if (summary.mirrors_failed > 0 && code != ExitCode::partial) {
    std::rethrow_exception(summary.first_problem);
  }
  const bool has_work = flags.exit_code && options.dry_run && summary.planned > 0;
  return code == ExitCode::ok && has_work ? ExitCode::work : code;
}

Action add_mirror(Arguments& arguments) {
  auto flags = std::make_shared<MirrorFlags>();
  add_mirror_flags(arguments, *flags);
  return [flags](Context& context) { return run_mirror(*flags, context); };
}

} // namespace

Command mirror_command() {
  return {{.name = "mirror",
           .aliases = {},
           .summary = "Make a registry hold what another one holds",
           .details =
               "Copies what is missing or different, tag by tag, and nothing twice: a second "
               "run moves nothing. Prints one line for each tag that changed. What fails is "
               "told and passed over; the end is 10 then.",
           .examples = {"regctl mirror old:5000 new:5000",
                        "regctl mirror old:5000/team/ new:5000 --semver '>=1.2' --latest 5",
                        "regctl mirror v1-storage:/srv/registry new:5000 --dry-run"}},
          add_mirror};
}

} // namespace regctl::cli
