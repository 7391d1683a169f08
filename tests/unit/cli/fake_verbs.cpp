// SPDX-License-Identifier: Apache-2.0
#include "unit/cli/fake_verbs.hpp"

#include <exception>

namespace regctl::test {

ops::PingResult FakeVerbs::ping(const RegistryHost& host) {
  call("ping " + host.host);
  return {host.host, "http://" + host.host, {"v1"}, true, "0.9.1"};
}

std::vector<ops::SearchResult> FakeVerbs::search(const RegistryHost& host, std::string_view term) {
  call("search " + host.host + " '" + std::string(term) + "'");
  return found;
}

void FakeVerbs::list_images(const RegistryHost& host, const std::string& name_space,
                            const ops::ImagesListener& listener) {
  call("images at " + host.host + (name_space.empty() ? "" : "/" + name_space + "/"));
  if (!repositories.empty()) {
    listener.on_repositories(repositories);
  }
  for (const auto& row : rows) {
    listener.on_row(row);
  }
}

void FakeVerbs::list_images(const Place& place, const ops::ImagesListener& listener) {
  call("images of " + place.to_string());
  for (const auto& row : rows) {
    listener.on_row(row);
  }
}

V1Tags FakeVerbs::list_tags(const Place& place) {
  call("tags " + place.to_string());
  return tags;
}

ops::ImageDetails FakeVerbs::inspect(const Place& place) {
  call("inspect " + place.to_string());
  return details;
}

ops::CopyReport FakeVerbs::copy(const Place& from, const Place& to,
                                const ops::CopyOptions& options) {
  call("copy " + from.to_string() + " " + to.to_string() +
       (options.host ? " at " + options.host->host : "") +
       (options.name_space.empty() ? "" : "/" + options.name_space + "/") +
       (options.tags == ops::TagChoice::all ? " all" : "") +
       (options.check == LayerCheck::none ? " unverified" : "") +
       (options.plain_layers == ops::PlainLayers::keep ? " plain" : ""));
  return report;
}

std::string FakeVerbs::get_layer(const Place& place, const ops::LayerChoice& choice, LayerCheck,
                                 Sink& sink) {
  call("get " + place.to_string() + " " + choice.value_or("top"));
  sink.write(as_bytes(layer));
  return k_id_a;
}

void FakeVerbs::list_layer_files(const Place& place, const ops::LayerChoice& choice, LayerCheck,
                                 const std::function<void(const TarEntry&)>& on_file) {
  call("files " + place.to_string() + " " + choice.value_or("top"));
  for (const auto& file : files) {
    on_file(file);
  }
}

PutOutcome FakeVerbs::put_layer(const Place& repository, const std::string& json,
                                const OpenSource& open, std::optional<std::uint64_t> size_bytes) {
  call("put " + repository.to_string() + " " + json + " " + read_text(*open(), 1000, "") + " " +
       std::to_string(size_bytes.value_or(0)));
  return outcome;
}

std::string FakeVerbs::tag_image(const Place& from, const Place& to) {
  call("tag " + from.to_string() + " " + to.to_string());
  return k_id_a;
}

void FakeVerbs::tag_id(const std::string& id, const Place& to) {
  call("tag " + id + " " + to.to_string());
}

void FakeVerbs::remove_tag(const Place& tag) {
  call("rm " + tag.to_string());
}

void FakeVerbs::remove_repository(const Place& repository) {
  call("rm all of " + repository.to_string());
}

ops::Access FakeVerbs::repository_access(const Place& repository) {
  call("access of " + repository.to_string());
  return ops::Access::restricted;
}

void FakeVerbs::set_repository_access(const Place& repository, ops::Access access) {
  call("set " + repository.to_string() + (access == ops::Access::open ? " public" : " private"));
}

std::string FakeVerbs::login(const RegistryHost& host, const http::Credential& credential) {
  call("login " + host.host + " " + credential.username + ":" + credential.password.reveal());
  return "/home/bob/.docker/config.json (not encrypted)";
}

bool FakeVerbs::logout(const RegistryHost& host) {
  call("logout " + host.host);
  return was_logged_in;
}

void FakeVerbs::audit(const RegistryHost& host, const ops::AuditOptions& options,
                      const ops::AuditListener& listener) {
  call("audit at " + host.host + (options.deep ? " deep" : ""));
  tell(listener);
}

void FakeVerbs::audit(const Place& place, const ops::AuditOptions& options,
                      const ops::AuditListener& listener) {
  call("audit " + place.to_string() + (options.deep ? " deep" : ""));
  tell(listener);
}

ops::RepairReport FakeVerbs::repair(const std::string& folder, const ops::RepairOptions& options,
                                    const std::function<void(const ops::RepairAct&)>& on_act) {
  call("repair " + folder + (options.dry_run ? " dry" : "") +
       (options.drop_tags ? " drop tags" : ""));
  for (const auto& act : acts) {
    on_act(act);
  }
  return {acts.size(), 0};
}

ops::GcReport FakeVerbs::collect_garbage(const std::string& folder, const ops::GcOptions& options,
                                         const std::function<void(const ops::GcImage&)>& on_image) {
  call("gc " + folder + (options.apply ? " apply" : "") + (options.force ? " force" : "") + " " +
       std::to_string(options.grace.count()));
  for (const auto& image : garbage) {
    on_image(image);
  }
  return collected;
}

ops::mirror::Summary FakeVerbs::mirror(const std::vector<ops::mirror::MirrorJob>& jobs,
                                       const ops::mirror::MirrorOptions& options,
                                       const ops::mirror::Report::OnRecord& on_record) {
  for (const auto& job : jobs) {
    call("mirror " + job.source.to_string() + " " + job.destination.to_string() +
         (options.dry_run ? " dry" : ""));
  }
  for (const auto& result : results) {
    on_record("{}", &result);
  }
  return mirrored;
}

ops::DiffSummary FakeVerbs::diff(const ops::Scope& scope, const ops::DiffListener& listener) {
  call("diff " + describe(scope));
  for (const auto& tag : differences) {
    listener.on_tag(tag);
  }
  if (diff_summary.problems.first) {
    listener.on_problem("team/lost", diff_summary.problems.first);
  }
  return diff_summary;
}

ops::VerifySummary FakeVerbs::verify(const ops::Scope& scope, const ops::VerifyOptions& options,
                                     const ops::VerifyListener& listener) {
  call("verify " + describe(scope) + (options.deep ? " deep" : ""));
  for (const auto& tag : verified) {
    listener.on_tag(tag);
  }
  if (verify_summary.problems.first) {
    listener.on_problem("team/lost", verify_summary.problems.first);
  }
  return verify_summary;
}

void FakeVerbs::serve(const server::ServerOptions& options, const std::string& mirror_source,
                      const std::function<void(const server::Server&)>&,
                      const std::function<void(const std::string&)>&) {
  call("serve " + options.storage + " at " + options.listen +
       (options.read_only ? " read-only" : "") + (options.open ? " open" : "") +
       (options.search ? "" : " without search") +
       (options.htpasswd.empty() ? "" : " users " + options.htpasswd) +
       (options.tls_cert.empty() ? "" : " tls " + options.tls_cert + " " + options.tls_key) +
       (mirror_source.empty() ? "" : " mirrors " + mirror_source));
}

void FakeVerbs::tell(const ops::AuditListener& listener) const {
  for (const auto& tag : audited_tags) {
    listener.on_tag(tag);
  }
  for (const auto& image : audited_images) {
    listener.on_image(image);
  }
  for (const auto& repository : audited_repositories) {
    listener.on_repository(repository);
  }
  listener.on_summary(summary);
}

std::string FakeVerbs::describe(const ops::Scope& scope) {
  return scope.a.to_string() + (scope.b ? " " + scope.b->to_string() : "") +
         (scope.repositories.takes("team/app") ? "" : " without team/app") +
         (scope.tags.takes("team/app", "1.0") ? "" : " without 1.0");
}

void FakeVerbs::call(const std::string& text) {
  calls_.push_back(text);
  if (failure) {
    std::rethrow_exception(failure);
  }
}

} // namespace regctl::test
