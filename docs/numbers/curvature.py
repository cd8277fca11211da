"""From what `benches/peers/curvature.sh --json FILE` wrote to docs/numbers/curvature.json; prints the
two tables of docs/performance.md.

    python3 docs/numbers/curvature.py FILE…
"""

import json
import pathlib
import sys

names={'lenet5':'LeNet-5','mlp-32-16':'MLP 784-32-16-10','resnet8x0.5':'ResNet-8 ×½','vgg13x0.125':'VGG-13 ×⅛','resnet20':'ResNet-20'}
who={'basinscope':'basinscope','curvlinops':'curvlinops','eigenthings':'hessian-eigenthings','pyhessian':'PyHessian'}
results=[]
for f in sys.argv[1:]:
    results+=json.load(open(f))
order=['mlp-32-16','lenet5','resnet8x0.5','vgg13x0.125','resnet20']
results.sort(key=lambda r: order.index(r['net']))
rows={}; costs={}
table=["| net, by | top five eigenvalues | trace | top five, seconds | ratio |","|---|---|---:|---:|---:|"]
cost=["| net | parameters | loss | gradient | product alone | product at one θ | worst difference from curvlinops |","|---|---:|---:|---:|---:|---:|---:|"]
sig=lambda v: f"{v:.1f}" if v>=100 else f"{v:.2f}"
for r in results:
    n=names[r['net']]; b=r['basinscope']
    for key in ['basinscope','curvlinops','eigenthings','pyhessian']:
        if key not in r: continue
        of=r[key]; top=", ".join(sig(v) for v in of['top'])
        trace="–" if of['trace'] is None else (f"{of['trace']:.1f} ± {of['trace_standard_error']:.1f}" if key=='basinscope' else f"{of['trace']:.1f}")
        seconds=f"{of['top_seconds']:.2f}" if of['top_seconds']<100 else f"{of['top_seconds']:.0f}"
        ratio="1" if key=='basinscope' else f"{of['top_seconds']/b['top_seconds']:.1f}"
        name=f"{n}, {who[key]}"
        rows[name]={"top":top,"trace":trace,"seconds":seconds,"ratio":ratio}
        table.append(f"| {name} | {top} | {trace} | {seconds} | {ratio} × |" if key!='basinscope' else f"| {name} | {top} | {trace} | {seconds} | 1 |")
    c={"parameters":f"{b['parameters']:,}","loss":f"{r['loss']:.3f}","gradient":f"{b['gradient']:.1f}","alone":f"{b['product_alone']:.1f}","shared":f"{b['product_shared']:.1f}","worst":f"{r['worst_relative_difference']:.0e}".replace("e-0","e-")}
    costs[n]=c
    cost.append(f"| {n} | {c['parameters']} | {c['loss']} | {c['gradient']} | {c['alone']} | {c['shared']} | {c['worst']} |")
record={"command":"benches/peers/curvature.sh --threads 1","date":"2026-11-30","machine":"Intel Xeon (AVX-512), 2 virtual cores","versions":"PyTorch 2.15.0, curvlinops 3.0.1, hessian-eigenthings 1.0.0a5, PyHessian 0.1","note":"one thread, bound to one core, while experiments ran on the other; curvlinops' trace of ResNet-20 by 30 products (--trace-products 30), the others by 120","rows":rows,"costs":costs}
to = pathlib.Path(__file__).with_suffix('.json')
to.write_text(json.dumps(record, indent=1, ensure_ascii=False) + '\n')
print("<!-- n-table: curvature > rows -->\n\n"+"\n".join(table)+"\n\n<!-- n-table: curvature > costs -->\n\n"+"\n".join(cost))
