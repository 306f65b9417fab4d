import { expect, test } from "vitest";
import { bodyFor } from "../src/sdk-model.ts";

const body = {
  model: "m",
  max_tokens: 5,
  messages: [
    { role: "user", content: "go" },
    { role: "assistant", content: "hi", reasoning_content: "hm" },
  ],
};

test("[models:prompt] what a service refuses isn't sent to it: Groq takes no thinking back, and OpenAI has a newer name for the bound", () => {
  const unthought = { ...body, messages: [body.messages[0], { role: "assistant", content: "hi" }] };
  for (const host of ["api.groq.com", "api.mistral.ai", "api.cerebras.ai", "generativelanguage.googleapis.com"])
    expect(bodyFor(host, body)).toEqual(unthought);
  expect(bodyFor("127.0.0.1", body)).toEqual(body);
  const { max_tokens: _, ...rest } = body;
  expect(bodyFor("api.openai.com", body)).toEqual({ ...rest, max_completion_tokens: 5 });
});
