package metering

import (
	"errors"
	"slices"
	"strings"
	"sync"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/durabill/durabill/fault"
)

// Filter says which events of the period count: those that match everything in it. The zero Filter matches all.
//
// An event matches Properties if each named property has one of the listed values; one that lacks a property does not.
//
// Expression is CEL, over properties (a map of text to text), source, time and value, which is an exact decimal and
// compares with decimals and integers: properties.region == "eu" && value > decimal("0.5"). It is compiled once and must
// be of type bool. There are no loops, and the cost is bounded when it runs. A property that an event lacks makes it
// not match, as in Properties, whatever is asked of it; has(properties.region) is how to ask. An event for which the
// expression has no answer for another reason is rejected.
type Filter struct {
	Properties map[string][]string
	Expression string
}

// MaxExpression is the longest expression, in bytes.
const MaxExpression = 500

const (
	maxDepth = 32    // of the expression's tree
	maxCost  = 2_000 // of one event, in CEL's units: no expression of this length without loops should come near
)

// compiled is a Filter that can be asked.
type compiled struct {
	properties map[string][]string
	program    cel.Program // nil for no expression
	event      *Event
}

func (f Filter) compile() (*compiled, error) {
	c := &compiled{properties: f.Properties}
	if f.Expression == "" {
		return c, nil
	}
	if len(f.Expression) > MaxExpression {
		return nil, badExpression("The expression is longer than 500 bytes.")
	}
	env, err := environment()
	if err != nil {
		return nil, err
	}
	ast, issues := env.Compile(f.Expression)
	if issues.Err() != nil {
		return nil, badExpression(firstLine(issues.Err().Error()))
	}
	if !ast.OutputType().IsExactType(cel.BoolType) {
		return nil, badExpression("The expression must be true or false, and is of type " + ast.OutputType().String() + ".")
	}
	c.program, err = env.Program(ast, cel.CostLimit(maxCost))
	if err != nil {
		return nil, badExpression("The expression cannot be run: " + firstLine(err.Error()))
	}
	return c, nil
}

func badExpression(detail string) error {
	return fault.At("/expression", "expression_invalid", "%s", detail)
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return strings.ToValidUTF8(line, "�")
}

// environment is what an expression may name. has is the only macro, so nothing in an expression repeats.
var environment = sync.OnceValues(func() (*cel.Env, error) {
	binary := func(operator, name string) cel.EnvOption {
		return cel.Function(operator, cel.Overload(name+"_decimal", []*cel.Type{decimalType, decimalType}, cel.BoolType),
			cel.Overload(name+"_decimal_int", []*cel.Type{decimalType, cel.IntType}, cel.BoolType))
	}
	return cel.NewEnv(
		cel.ClearMacros(), cel.Macros(cel.HasMacro),
		cel.ParserRecursionLimit(maxDepth), cel.ParserExpressionSizeLimit(MaxExpression),
		cel.Variable("properties", cel.MapType(cel.StringType, cel.StringType)),
		cel.Variable("source", cel.StringType),
		cel.Variable("time", cel.TimestampType),
		cel.Variable("value", decimalType),
		cel.Function("decimal", cel.Overload("string_to_decimal", []*cel.Type{cel.StringType}, decimalType, cel.UnaryBinding(readDecimal))),
		binary(operators.Less, "less"), binary(operators.LessEquals, "less_equals"),
		binary(operators.Greater, "greater"), binary(operators.GreaterEquals, "greater_equals"),
	)
})

// match says whether an event counts, or why it cannot be told.
func (c *compiled) match(e *Event) (bool, Reason) {
	for property, allowed := range c.properties {
		value, there := e.Properties[property]
		if !there || !slices.Contains(allowed, value) {
			return false, ""
		}
	}
	if c.program == nil {
		return true, ""
	}
	c.event = e
	out, _, err := c.program.Eval(c)
	if err == nil {
		return out == types.True, ""
	}
	if lacks(err) {
		return false, ""
	}
	if _, why := e.Value.Number(); why != "" && asksValue(err) {
		return false, why
	}
	return false, ReasonFilterFailed
}

// lacks says whether evaluation stopped at a property that the event does not have. CEL tells by its words only.
func lacks(err error) bool { return strings.HasPrefix(root(err).Error(), "no such key: ") }

// asksValue says whether it stopped at the number that the event does not have.
func asksValue(err error) bool { return strings.HasPrefix(root(err).Error(), "no such attribute") }

func root(err error) error {
	for inner := errors.Unwrap(err); inner != nil; inner = errors.Unwrap(err) {
		err = inner
	}
	return err
}

// ResolveName gives CEL the variables of the event in hand.
func (c *compiled) ResolveName(name string) (any, bool) {
	switch name {
	case "properties":
		if c.event.Properties == nil {
			return map[string]string{}, true
		}
		return c.event.Properties, true
	case "source":
		return c.event.Source, true
	case "time":
		return c.event.Time, true
	case "value":
		number, why := c.event.Value.Number()
		return celDecimal{number}, why == ""
	}
	return nil, false
}

// Parent is part of what CEL calls an activation.
func (c *compiled) Parent() cel.Activation { return nil }

var _ ref.Val = celDecimal{}
