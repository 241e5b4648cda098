import { type Environment, Interpreter } from "@huggingface/jinja";
import { UserError } from "../errors.ts";
import { withPythonFilters } from "./python_filters.ts";
import { PythonString } from "./python_string.ts";

type Evaluate = Interpreter["evaluate"];

/**
 * Expressions and statements of one rendering, beside one for each character of the conversation; a
 * message takes some ten.
 */
const MAX_STEPS = 200_000;

/** Longest text or list that a template makes, beside what the conversation brings along. */
const MAX_LENGTH = 1 << 20;

/** How many times the conversation's own length a text may have. */
const GROWTH = 16;

/**
 * Runs a template within limits on steps and sizes, the same on every machine: a template comes
 * with a model from anywhere. Errors say which limit it was. Texts have Python's methods.
 */
export class BoundedInterpreter extends Interpreter {
  readonly #maxSteps: number;
  readonly #maxLength: number;
  #steps = 0;

  /** @param given characters of the template and the conversation together */
  constructor(environment: Environment, given: number) {
    super(environment);
    this.#maxSteps = MAX_STEPS + given;
    this.#maxLength = MAX_LENGTH + GROWTH * given;
  }

  override evaluate(
    statement: Parameters<Evaluate>[0],
    environment: Parameters<Evaluate>[1],
  ): ReturnType<Evaluate> {
    if (++this.#steps > this.#maxSteps) {
      throw new UserError(`it takes more than ${this.#maxSteps} steps`);
    }
    const node = statement &&
      withPythonFilters(statement, (operand) => this.evaluate(operand, environment));
    const result = PythonString.of(super.evaluate(node, environment));
    const { value } = result;
    const length = typeof value === "string" || Array.isArray(value) ? value.length : 0;
    if (length > this.#maxLength) {
      throw new UserError(`it makes a text or list of more than ${this.#maxLength} parts`);
    }
    return result;
  }
}
