// SPDX-License-Identifier: Apache-2.0
#include "cli/commands.hpp"
#include "cli/counts.hpp"
#include "cli/output.hpp"
#include "cli/scope_flags.hpp"
#include "cli/text.hpp"
#include "cli/units.hpp"

#include <regctl/base/json.hpp>
#include <regctl/model/v1/image.hpp>
#include <regctl/ops/problem.hpp>

#include <algorithm>
#include <memory>

namespace regctl::cli {

namespace {

using ops::Finding;

struct VerifyFlags {
  ScopeFlags scope;
  ops::VerifyOptions options;
  bool all = false;
  bool no_trunc = false;
};

/// The worst finding; "sound" if there is none.
std::string_view verdict_of(const ops::VerifiedTag& tag) {
  const auto worst = std::max_element(
      tag.findings.begin(), tag.findings.end(),
      [](const Finding& one, const Finding& other) { return one.fault < other.fault; });
  return worst == tag.findings.end() ? "sound" : to_string(worst->fault);
}

bool is_damaged(const ops::VerifiedTag& tag) {
  return std::any_of(tag.findings.begin(), tag.findings.end(),
                     [](const Finding& finding) { return ops::is_damage(finding.fault); });
}

Json where_or_null(Finding::Where where) {
  switch (where) {
  case Finding::Where::a:
    return "a";
  case Finding::Where::b:
    return "b";
  case Finding::Where::between:
    break;
  }
  return nullptr;
}

Json to_json(const ops::VerifiedTag& tag) {
  auto findings = Json::array();
  for (const auto& finding : tag.findings) {
    findings.push_back({{"verdict", to_string(finding.fault)},
                        {"at", where_or_null(finding.where)},
                        {"id", or_null(finding.image)},
                        {"detail", or_null(finding.detail)}});
  }
  return {{"repository", tag.repository},
          {"tag", or_null(tag.tag)},
          {"id", or_null(tag.id)},
          {"verdict", verdict_of(tag)},
          {"damaged", is_damaged(tag)},
          {"findings", findings},
          {"error", nullptr}};
}

/// A row for a repository with unreadable tags.
Json to_json(const std::string& repository, const std::exception_ptr& problem) {
  return {{"repository", repository},
          {"tag", nullptr},
          {"id", nullptr},
          {"verdict", to_string(ops::Fault::not_looked_at)},
          {"damaged", false},
          {"findings", Json::array()},
          {"error", ops::error_or_null(problem)}};
}

std::string show_id(const std::string& id, const VerifyFlags& flags) {
  return id.empty() ? "-" : flags.no_trunc ? id : short_identity(id);
}

std::string show_where(Finding::Where where, const VerifyFlags& flags) {
  switch (where) {
  case Finding::Where::a:
    return flags.scope.a;
  case Finding::Where::b:
    return flags.scope.b;
  case Finding::Where::between:
    break;
  }
  return "both";
}

void add_rows(Listing& listing, const ops::VerifiedTag& tag, const VerifyFlags& flags) {
  for (const auto& finding : tag.findings) {
    listing.add_row({tag.repository, tag.tag, std::string(to_string(finding.fault)),
                     show_id(finding.image, flags), show_where(finding.where, flags),
                     finding.detail});
  }
  if (tag.findings.empty() && flags.all) {
    listing.add_row({tag.repository, tag.tag, "sound", show_id(tag.id.value_or(""), flags),
                     flags.scope.b.empty() ? flags.scope.a : "both", ""});
  }
}

std::string count(std::uint64_t number, const std::string& what) {
  return number == 0 ? std::string() : ", " + std::to_string(number) + " " + what;
}

std::string summary_line(const ops::VerifySummary& summary, const VerifyFlags& flags) {
  auto line = number_of(summary.repositories, "repository", "repositories") + ", " +
              number_of(summary.tags(), "tag", "tags") + ": " + std::to_string(summary.sound) +
              " sound" + count(summary.damaged, "damaged") +
              count(summary.not_looked_at, "not looked at") + "; " +
              number_of(summary.images, "image", "images");
  if (flags.options.deep) {
    line += ", " + number_of(summary.layers_read, "layer", "layers") + " read, " +
            human_size(summary.bytes_read);
  }
  line += count(summary.sums_unknown, summary.sums_unknown == 1 ? "layer without a checksum"
                                                                : "layers without a checksum") +
          count(summary.sizes_unknown,
                summary.sizes_unknown == 1 ? "layer of unknown size" : "layers of unknown size");
  return flags.options.deep ? line : line + "; layers were not read: --deep reads them";
}

ExitCode run_verify(const VerifyFlags& flags, Context& context) {
  const auto scope = scope_of(flags.scope, context);
  context.show_totals_only();
  Listing listing(context, {"REPOSITORY", "TAG", "VERDICT", "IMAGE", "AT", "DETAIL"});
  const ops::VerifyListener listener = {
      [&](const ops::VerifiedTag& tag) {
        if (listing.wants_json()) {
          listing.add(to_json(tag));
        } else {
          add_rows(listing, tag, flags);
        }
      },
      [&](const std::string& repository, const std::exception_ptr& problem) {
        if (listing.wants_json()) {
          listing.add(to_json(repository, problem));
        }
        context.failure(repository + ": " + ops::explain(problem).message);
      }};
  const auto summary = context.verbs().verify(scope, flags.options, listener);
  listing.finish(Listing::WhenEmpty::nothing);
  context.note(summary_line(summary, flags));
  if (summary.tags() == 0) {
    context.note("nothing was proved: there was no tag to look at");
  }
  const auto code =
      summary.damaged > 0 ? ExitCode::integrity : exit_code_of(summary.problems, summary.sound);
  return note_unmatched(context, scope, summary.problems, flags.scope.is_strict, code);
}

Action add_verify(Arguments& arguments) {
  auto flags = std::make_shared<VerifyFlags>();
  arguments.required("A", flags->scope.a, k_scope_a);
  arguments.optional("B", flags->scope.b, "The same, as a mirror from A would be made");
  arguments.flag("--deep", flags->options.deep,
                 "Read every layer: verify its checksum, and compare its bytes with B's");
  add_filter_flags(arguments, flags->scope.scope.repositories, flags->scope.scope.tags, "Verify");
  add_strict_flag(arguments, flags->scope.is_strict);
  arguments.flag("--all", flags->all, "List also what is sound");
  arguments.flag("--no-trunc", flags->no_trunc, "Show whole image IDs");
  return [flags](Context& context) { return run_verify(*flags, context); };
}

} // namespace

Command verify_command() {
  return {{.name = "verify",
           .aliases = {},
           .summary = "Prove that images are whole, and the same in two registries",
           .details = "Looks at every image of every tag; with B also whether tags, images and "
                      "their bytes are the same there. Ends with 7 if anything is damaged or "
                      "differs.",
           .examples = {"regctl verify old:5000 new:5000 --deep", "regctl verify new:5000/team/",
                        "regctl verify --deep v1-storage:/srv/registry --jobs 8"}},
          add_verify};
}

} // namespace regctl::cli
