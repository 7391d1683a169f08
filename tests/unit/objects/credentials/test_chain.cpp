// SPDX-License-Identifier: Apache-2.0
#include "unit/objects/credentials/aws_user.hpp"

#include <regctl/base/parallel.hpp>
#include <regctl/objects/credentials.hpp>

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

using namespace regctl;
using objects::CredentialChain;
using objects::CredentialOptions;
using test::AwsUser;
using test::Reply;

namespace {

const std::string k_agent = "GET http://169.254.170.2/k";

/// A user with a clock, and a chain made of both.
struct Fixture : AwsUser {
  CredentialChain& chain() {
    if (!made) {
      CredentialOptions options;
      options.environment = environment;
      options.home = home.path();
      options.now = [this] {
        on_now();
        return std::chrono::system_clock::from_time_t(now.load());
      };
      options.note = [this](const std::string& sentence) {
        const std::lock_guard lock(mutex);
        notes.push_back(sentence);
      };
      made = std::make_unique<CredentialChain>(server, std::move(options));
    }
    return *made;
  }
  /// The ID of the key.
  std::string id() { return chain().key().id; }

  /// Lets the container's agent give keys, one after the other.
  void serve(std::vector<Reply> replies) {
    variables["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] = "/k";
    server.on(k_agent, std::move(replies));
  }

  std::atomic<std::time_t> now = k_now;
  std::function<void()> on_now = [] {}; ///< called by all who look at the clock
  std::mutex mutex;
  std::vector<std::string> notes;
  std::unique_ptr<CredentialChain> made;
};

/// A key of the agent that ends at this time on the day of AwsUser::k_now.
Reply key_until(const std::string& id, const std::string& time) {
  return {200, test::json_key(id, "Token", "2014-05-13T" + time + "Z")};
}

} // namespace

TEST_SUITE_BEGIN("objects/credentials/chain");

TEST_CASE_FIXTURE(Fixture, "the places are asked in their order") {
  const std::string instance = "http://169.254.169.254";
  const std::string roles = "/latest/meta-data/iam/security-credentials/";
  server.on("PUT " + instance + "/latest/api/token", {{200, "session"}});
  server.on("GET " + instance + roles, {{200, "mirror"}});
  server.on("GET " + instance + roles + "mirror", {{200, test::json_key("instance")}});
  server.on("POST /", {test::sts_answer("AssumeRoleWithWebIdentity", "web")});
  const auto asked = [&] {
    made.reset();
    return id();
  };
  CHECK(asked() == "instance");
  serve({{200, test::json_key("agent")}});
  CHECK(asked() == "agent");
  write_config("[default]\nregion = us-east-1\n"); // without a key
  variables["AWS_ENDPOINT_URL_STS"] = "https://sts.amazonaws.com";
  CHECK(asked() == "agent");
  write_credentials("[default]\naws_access_key_id = profile\naws_secret_access_key = s\n");
  CHECK(asked() == "profile");
  variables["AWS_WEB_IDENTITY_TOKEN_FILE"] = write("token", "eyJ");
  variables["AWS_ROLE_ARN"] = "arn:w";
  CHECK(asked() == "web");
  variables["AWS_KEY"] = variables["AWS_SECRET"] = "old";
  CHECK(asked() == "old");
  variables["AWS_ACCESS_KEY_ID"] = variables["AWS_SECRET_ACCESS_KEY"] = "new";
  CHECK(asked() == "new");
}

TEST_CASE_FIXTURE(Fixture, "an empty variable counts as one that is not set") {
  serve({{200, test::json_key("agent")}});
  for (const char* name : {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE",
                           "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONFIG_FILE"}) {
    variables[name] = "";
  }
  CHECK(id() == "agent");
}

TEST_CASE_FIXTURE(Fixture, "without any key all places are named, and what to do") {
  variables["AWS_EC2_METADATA_DISABLED"] = "true";
  const auto error = test::error_of([&] { id(); });
  CHECK(error.kind() == ErrorKind::denied);
  for (const char* place :
       {"AWS_ACCESS_KEY_ID", "AWS_KEY", "AWS_WEB_IDENTITY_TOKEN_FILE", "profile 'default'",
        ".aws/credentials'", ".aws/config'", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
        "AWS_EC2_METADATA_DISABLED is true"}) {
    CAPTURE(place);
    CHECK(error.message().find(place) != std::string::npos);
  }
  CHECK(error.hint().starts_with("set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"));
  write_config("[default]\nregion = eu-west-1\n");
  CHECK(test::error_of([&] { id(); }).message().find("profile 'default' in '") !=
        std::string::npos);
}

TEST_CASE_FIXTURE(Fixture, "a place that is configured and fails is not passed over") {
  write_config("[default]\nrole_arn = arn:a\nsource_profile = b\n");
  serve({{200, test::json_key("of somebody else")}});
  CHECK(test::failure([&] { id(); }) == ErrorKind::usage);
}

TEST_CASE_FIXTURE(Fixture, "a key is kept, and its place told without its secret") {
  variables = {{"AWS_ACCESS_KEY_ID", "AKIA"}, {"AWS_SECRET_ACCESS_KEY", "hunter2"}};
  CHECK(id() == "AKIA");
  variables.clear();
  now = k_now + 1'000'000;
  CHECK(id() == "AKIA");
  CHECK(chain().describe() == "AWS_ACCESS_KEY_ID");
  CHECK(notes == std::vector<std::string>{"using the key AKIA of AWS_ACCESS_KEY_ID"});
}

TEST_CASE_FIXTURE(Fixture, "a temporary key is renewed five minutes before its end") {
  serve({key_until("first", "17:53:20"), key_until("second", "18:53:20")});
  CHECK(id() == "first");
  now = k_now + 55 * 60 - 1;
  CHECK(id() == "first");
  now = k_now + 55 * 60;
  CHECK(id() == "second");
  CHECK(server.lines().size() == 2);
  CHECK(notes.back() == "using the key second of the container's agent http://169.254.170.2 "
                        "until 2014-05-13T18:53:20Z");
}

TEST_CASE_FIXTURE(Fixture, "a key that is good for minutes is renewed at half of its time") {
  serve({key_until("first", "16:57:20"), key_until("second", "18:53:20")});
  CHECK(id() == "first"); // for four minutes
  now = k_now + 119;
  CHECK(id() == "first");
  now = k_now + 120;
  CHECK(id() == "second");
}

TEST_CASE_FIXTURE(Fixture, "a key that cannot be renewed is used up to its end") {
  server.told.retries = 0;
  serve({key_until("first", "17:53:20"), {500}, {500}, {500}, key_until("second", "18:53:20")});
  CHECK(id() == "first");
  now = k_now + 55 * 60;
  CHECK(id() == "first");
  CHECK(notes.back() == "the key of the container's agent http://169.254.170.2 until "
                        "2014-05-13T17:53:20Z cannot be renewed now: the container's agent "
                        "http://169.254.170.2 answered 500");
  CHECK(id() == "first"); // without asking again so soon
  CHECK(server.lines().size() == 2);
  now = k_now + 56 * 60;
  CHECK(id() == "first");
  CHECK(server.lines().size() == 3);
  now = k_now + 60 * 60;
  CHECK(test::failure([&] { id(); }) == ErrorKind::unavailable);
  CHECK(id() == "second");
}

TEST_CASE_FIXTURE(Fixture, "an interruption of a renewal is not passed over") {
  serve({key_until("first", "17:53:20"), test::no_answer(ErrorKind::interrupted)});
  CHECK(id() == "first");
  now = k_now + 55 * 60;
  CHECK(test::failure([&] { id(); }) == ErrorKind::interrupted);
}

namespace {

/// Threads that all want a key.
struct Crowd : Fixture {
  static constexpr std::size_t k_threads = 8;
  /// How often the clock is looked at until all threads wait: once by each, and twice more by the
  /// one that fetches.
  static constexpr std::size_t k_looks = k_threads + 2;

  /// What the threads got, if the agent answers so once all of them wait.
  std::vector<std::string> ask(const Reply& reply) {
    serve({reply});
    server.on(k_agent, [&](const test::SeenRequest&) {
      std::unique_lock lock(mutex);
      looked.wait(lock, [&] { return looks >= k_looks; });
      return reply;
    });
    on_now = [this] {
      const std::lock_guard lock(mutex);
      ++looks;
      looked.notify_all();
    };
    chain();
    std::vector<std::string> results(k_threads);
    run_parallel(k_threads, k_threads, [&](std::size_t thread) {
      try {
        results[thread] = id();
      } catch (const Error& error) {
        results[thread] = error.message();
      }
    });
    return results;
  }

  std::size_t looks = 0;
  std::condition_variable looked;
};

} // namespace

TEST_CASE_FIXTURE(Crowd, "threads that wait for a key get that of one fetch") {
  CHECK(ask({200, test::json_key("agent")}) == std::vector<std::string>(k_threads, "agent"));
  CHECK(server.lines().size() == 1);
}

TEST_CASE_FIXTURE(Crowd, "threads that wait for a key get the error of one fetch") {
  CHECK(ask({403}) == std::vector<std::string>(
                          k_threads, "the container's agent http://169.254.170.2 answered 403"));
  CHECK(server.lines().size() == 1);
}

TEST_CASE_FIXTURE(Fixture, "a thread does not wait while another one renews a key that is good") {
  serve({key_until("first", "17:53:20")});
  CHECK(id() == "first");
  now = k_now + 55 * 60;
  std::string meanwhile;
  server.on(k_agent, [&](const test::SeenRequest&) {
    std::thread([&] { meanwhile = id(); }).join();
    return key_until("second", "18:53:20");
  });
  CHECK(id() == "second");
  CHECK(meanwhile == "first");
}

TEST_SUITE_END();
