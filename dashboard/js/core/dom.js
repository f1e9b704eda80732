// Preact, its hooks and htm, imported from here by everybody, and what the standalone build leaves out.
import { Component, h } from "../../vendor/preact/standalone.module.js";

export {
  Component,
  createContext,
  h,
  html,
  render,
  useCallback,
  useContext,
  useEffect,
  useErrorBoundary,
  useLayoutEffect,
  useMemo,
  useReducer,
  useRef,
  useState,
} from "../../vendor/preact/standalone.module.js";

/** A component that renders again only when one of its props is another value. */
export function memo(view) {
  return class Memo extends Component {
    shouldComponentUpdate(next) {
      return differs(this.props, next);
    }
    render(props) {
      return h(view, props);
    }
  };
}

function differs(a, b) {
  const names = Object.keys(b);
  return names.length !== Object.keys(a).length || names.some((name) => a[name] !== b[name]);
}
