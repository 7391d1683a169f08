// SPDX-License-Identifier: Apache-2.0
#include "ops/mirror/import_draft.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/visible.hpp>
#include <regctl/model/reference.hpp>

#include <algorithm>

namespace regctl::ops::mirror {

namespace {

constexpr std::string_view k_letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

/// A scalar, in quotes unless no reader of YAML could take it for anything else.
std::string scalar(const std::string& text) {
  const bool is_plain =
      text.find_first_of(k_letters) == 0 && !text.ends_with(':') &&
      text.find_first_of("./-") != std::string::npos &&
      text.find_first_not_of(std::string(k_letters) + "0123456789_./:-") == std::string::npos;
  if (is_plain) {
    return text;
  }
  std::string quoted = "'";
  for (const char c : text) {
    quoted += c == '\'' ? "''" : std::string(1, c);
  }
  return quoted + "'";
}

class Printer {
public:
  void comment(const std::string& indent, const std::string& text) {
    text_ += indent + "# " + visible(text) + "\n";
  }

  void comments(const std::string& indent, const std::vector<std::string>& texts) {
    for (const auto& text : texts) {
      comment(indent, text);
    }
  }

  void line(const std::string& text) { text_ += text + "\n"; }

  void value(const std::string& indent, const std::string& key, const std::string& text) {
    if (!text.empty()) {
      line(indent + key + ": " + scalar(text));
    }
  }

  void list(const std::string& indent, const std::string& key,
            const std::vector<std::string>& texts) {
    if (texts.empty()) {
      return;
    }
    line(indent + key + ":");
    for (const auto& text : texts) {
      line(indent + "  - " + scalar(text));
    }
  }

  void filter(const std::string& indent, const std::string& key,
              const std::vector<std::string>& include, const std::vector<std::string>& exclude) {
    if (include.empty() && exclude.empty()) {
      return;
    }
    line(indent + key + ":");
    list(indent + "  ", "include", include);
    list(indent + "  ", "exclude", exclude);
  }

  [[nodiscard]] std::string take() { return std::move(text_); }

private:
  std::string text_;
};

void print_registry(Printer& printer, const std::string& host, const RegistryDraft& draft) {
  printer.line("  " + scalar(host) + ":");
  const std::string indent = "    ";
  if (draft.insecure) {
    printer.line(indent + "insecure: true");
  }
  if (draft.plain_http) {
    printer.line(indent + "plain_http: true");
  }
  printer.value(indent, "ca_file", draft.ca_file);
  printer.value(indent, "client_cert", draft.client_cert);
  printer.value(indent, "client_key", draft.client_key);
  printer.value(indent, "jobs", draft.jobs);
  printer.value(indent, "requests_per_second", draft.requests_per_second);
}

bool has_settings(const RegistryDraft& draft) {
  return draft.insecure || draft.plain_http || !draft.ca_file.empty() ||
         !draft.client_cert.empty() || !draft.jobs.empty() || !draft.requests_per_second.empty();
}

void print_registries(Printer& printer, const std::map<std::string, RegistryDraft>& registries) {
  bool has_head = false;
  for (const auto& [host, draft] : registries) {
    if (has_settings(draft) && !has_head) {
      printer.line("\nregistries:");
      has_head = true;
    }
    for (const auto& remark : draft.remarks) {
      printer.comment(has_head ? "  " : "", host + ", " + remark);
    }
    if (has_settings(draft)) {
      print_registry(printer, host, draft);
    }
  }
}

void print_mirror(Printer& printer, const MirrorDraft& draft) {
  printer.comments("  ", draft.remarks);
  if (!draft.left_out.empty()) {
    printer.comment("  ",
                    at_line(draft.line, "left out, " + excerpt(without_password(draft.source)) +
                                            " to " + excerpt(without_password(draft.destination)) +
                                            ": " + draft.left_out));
    return;
  }
  printer.line("  - source: " + scalar(draft.source));
  const std::string indent = "    ";
  printer.value(indent, "destination", draft.destination);
  printer.filter(indent, "repositories", draft.repositories, draft.excluded_repositories);
  printer.filter(indent, "tags", draft.tags, draft.excluded_tags);
  printer.value(indent, "semver", draft.semver);
  printer.value(indent, "latest", draft.latest);
  printer.list(indent, "platforms", draft.platforms);
  printer.value(indent, "prefix", draft.prefix);
  if (draft.referrers) {
    printer.line(indent + "referrers: true");
  }
}

} // namespace

ImportedConfig ConfigDraft::print(ForeignProgram program, const std::string& file) const {
  ImportedConfig imported;
  imported.program = program;
  imported.remarks = remarks_.size();
  for (const auto& [host, draft] : registries_) {
    imported.remarks += draft.remarks.size();
  }
  for (const auto& mirror : mirrors_) {
    ++(mirror.left_out.empty() ? imported.mirrors : imported.left_out);
    imported.remarks += mirror.remarks.size();
  }
  if (imported.mirrors == 0) {
    const auto why = mirrors_.empty() ? "it names no image" : mirrors_.front().left_out;
    throw Error(ErrorKind::unsupported,
                "nothing of '" + file + "' can be taken over: " + visible(why),
                "regctl-mirror(5) describes our mirror file");
  }
  Printer printer;
  printer.comment("", "From " + std::string(to_string(program)) + "'s " + excerpt(file) +
                          ". Line numbers are those of that file.");
  printer.comment("", "regctl mirror --config FILE --dry-run shows what it does.");
  printer.comments("", remarks_);
  printer.line("version: 1");
  print_registries(printer, registries_);
  printer.line("\ndefaults:");
  printer.comment("  ", std::string(to_string(program)) +
                            " leaves signatures and all else that refers to images.");
  printer.line("  referrers: false");
  printer.line("\nmirrors:");
  for (const auto& mirror : mirrors_) {
    print_mirror(printer, mirror);
  }
  imported.text = printer.take();
  return imported;
}

} // namespace regctl::ops::mirror
