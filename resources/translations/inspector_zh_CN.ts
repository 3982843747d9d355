<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="zh_CN" sourcelanguage="en">
<context>
<name>About</name>
<message>
<source>{n} more</source>
<translation>另有 {n} 个</translation>
</message>
<message>
<source>scheduler</source>
<translation>调度器</translation>
</message>
<message>
<source>gradient scaler</source>
<translation>梯度缩放器</translation>
</message>
<message>
<source>random state</source>
<translation>随机数状态</translation>
</message>
<message>
<source>with {what}</source>
<translation>含{what}</translation>
</message>
<message>
<source>{said}; {more}</source>
<translation>{said}；{more}</translation>
</message>
<message>
<source>{head}.</source>
<translation>{head}。</translation>
</message>
<message>
<source>{head}: {said}.</source>
<translation>{head}：{said}。</translation>
</message>
<message>
<source>same tensor</source>
<translation>同一张量</translation>
</message>
<message>
<source>view of this</source>
<translation>本张量的视图</translation>
</message>
<message>
<source>this is a view of it</source>
<translation>本张量是它的视图</translation>
</message>
<message>
<source>overlaps</source>
<translation>有重叠</translation>
</message>
<message>
<source>beside it in the same storage</source>
<translation>同一存储中的相邻张量</translation>
</message>
<message>
<source>its parameter</source>
<translation>对应的参数</translation>
</message>
<message>
<source>its optimizer state</source>
<translation>对应的优化器状态</translation>
</message>
<message>
<source>{some} and {last}</source>
<translation>{some}和{last}</translation>
</message>
<message>
<source>, </source>
<translation>，</translation>
</message>
<message>
<source>State dict</source>
<translation>状态字典</translation>
</message>
<message>
<source>Training checkpoint</source>
<translation>训练检查点</translation>
</message>
<message>
<source>Whole module</source>
<translation>完整模块</translation>
</message>
<message>
<source>TorchScript program</source>
<translation>TorchScript 程序</translation>
</message>
<message>
<source>Tensor</source>
<translation>张量</translation>
</message>
<message>
<source>Python data</source>
<translation>Python 数据</translation>
</message>
<message>
<source>saved on {devices}</source>
<translation>保存于 {devices}</translation>
</message>
<message>
<source>{name} ({facts})</source>
<translation>{name}（{facts}）</translation>
</message>
<message>
<source>{kind} state</source>
<translation>{kind} 状态</translation>
</message>
<message>
<source>optimizer state</source>
<translation>优化器状态</translation>
</message>
<message>
<source>{state} for all of them</source>
<translation>{state}（全部参数）</translation>
</message>
<message>
<source>{state} for all of {model}</source>
<translation>{state}（{model} 的全部参数）</translation>
</message>
<message>
<source>{state} for {parameters} of {model}</source>
<translation>{state}（{model} 的 {parameters}）</translation>
</message>
<message>
<source>{state} for {parameters}</source>
<translation>{state}（{parameters}）</translation>
</message>
<message>
<source>, {n} of them known by name</source>
<translation>，其中 {n} 个已知名称</translation>
</message>
<message>
<source>{state}, which is {share} of the file</source>
<translation>{state}，占文件的 {share}</translation>
</message>
<message>
<source>{state} ({share} of the file)</source>
<translation>{state}（占文件的 {share}）</translation>
</message>
<message>
<source>1 parameter tensor</source>
<translation>1 个参数张量</translation>
</message>
<message>
<source>{n} parameter tensors</source>
<translation>{n} 个参数张量</translation>
</message>
</context>
<context>
<name>Activity</name>
<message>
<source>Progress</source>
<translation>进度</translation>
</message>
<message>
<source>Cancel</source>
<translation>取消</translation>
</message>
<message>
<source>Working</source>
<translation>正在处理</translation>
</message>
<message>
<source>1 more task</source>
<translation>另有 1 个任务</translation>
</message>
<message>
<source>{n} more tasks</source>
<translation>另有 {n} 个任务</translation>
</message>
<message>
<source>Cancel: {what}</source>
<translation>取消：{what}</translation>
</message>
<message>
<source>Cancel all</source>
<translation>全部取消</translation>
</message>
</context>
<context>
<name>Analyses</name>
<message>
<source>Working out what the file is</source>
<translation>正在识别文件类型</translation>
</message>
<message>
<source>Looking for what would help</source>
<translation>正在查找可行的办法</translation>
</message>
</context>
<context>
<name>ApplyToAll</name>
<message>
<source>Apply to All Open Files</source>
<translation>应用到所有打开的文件</translation>
</message>
<message>
<source>What would change in each file</source>
<translation>每个文件中会有哪些变化</translation>
</message>
<message>
<source>File</source>
<translation>文件</translation>
</message>
<message>
<source>What would change</source>
<translation>会有哪些变化</translation>
</message>
<message>
<source>Cancel</source>
<translation>取消</translation>
</message>
<message>
<source>Apply</source>
<translation>应用</translation>
</message>
<message>
<source>{edits} of {name}, for the other files</source>
<translation>将 {name} 的 {edits}用于其他文件</translation>
</message>
<message>
<source>What is applied waits in each file behind the edits that it has already. Nothing is written until you save, and each file has its own Undo.</source>
<translation>应用的修改排在各文件已有的修改之后，等待保存。保存之前不会写入任何内容，每个文件都可以单独撤销。</translation>
</message>
<message>
<source>Working out what would change …</source>
<translation>正在计算会有哪些变化…</translation>
</message>
<message>
<source>Working out what would change</source>
<translation>正在计算会有哪些变化</translation>
</message>
<message>
<source>has these edits already</source>
<translation>已经有这些修改</translation>
</message>
<message>
<source>Apply to 1 File</source>
<translation>应用到 1 个文件</translation>
</message>
<message>
<source>Apply to {n} Files</source>
<translation>应用到 {n} 个文件</translation>
</message>
<message>
<source>{n} of {of} other files are chosen.</source>
<translation>已选择其他 {of} 个文件中的 {n} 个。</translation>
</message>
<message>
<source>Not ready, and so left out: {n}.</source>
<translation>尚未就绪、因此未列出：{n} 个。</translation>
</message>
</context>
<context>
<name>Bar</name>
<message>
<source>Copy key</source>
<translation>复制键</translation>
</message>
</context>
<context>
<name>BaseProgress</name>
<message>
<source>Comparing with the base</source>
<translation>正在与基准比较</translation>
</message>
</context>
<context>
<name>BaseRow</name>
<message>
<source>The file that both come from</source>
<translation>两者共同的来源文件</translation>
</message>
<message>
<source>Merge</source>
<translation>合并</translation>
</message>
<message>
<source>Brings what only one side changed into the other, as edits that wait to be saved</source>
<translation>把仅一侧的更改带入另一侧，作为待保存的修改</translation>
</message>
<message>
<source>Both come from</source>
<translation>两者来自</translation>
</message>
<message>
<source>no file named</source>
<translation>未指定文件</translation>
</message>
<message>
<source>Reload</source>
<translation>重新加载</translation>
</message>
<message>
<source>Try again</source>
<translation>重试</translation>
</message>
<message>
<source>Stop</source>
<translation>停止</translation>
</message>
<message>
<source>Go on</source>
<translation>继续</translation>
</message>
<message>
<source>Into {name}: 1 change of {other}</source>
<translation>带入 {name}：{other} 的 1 处更改</translation>
</message>
<message>
<source>Into {name}: {n} changes of {other}</source>
<translation>带入 {name}：{other} 的 {n} 处更改</translation>
</message>
<message>
<source>Name it to see who changed what since.</source>
<translation>指定后即可看到此后谁更改了什么。</translation>
</message>
<message>
<source>Once A and B are compared…</source>
<translation>等待 A 与 B 比较完成…</translation>
</message>
<message>
<source>Reading…</source>
<translation>正在读取…</translation>
</message>
<message>
<source>Stopped.</source>
<translation>已停止。</translation>
</message>
<message>
<source>The values could not be read.</source>
<translation>无法读取数值。</translation>
</message>
<message>
<source>1 conflict</source>
<translation>1 处冲突</translation>
</message>
<message>
<source>{n} conflicts</source>
<translation>{n} 处冲突</translation>
</message>
<message>
<source>1 change by A</source>
<translation>A 更改 1 处</translation>
</message>
<message>
<source>{n} changes by A</source>
<translation>A 更改 {n} 处</translation>
</message>
<message>
<source>1 change by B</source>
<translation>B 更改 1 处</translation>
</message>
<message>
<source>{n} changes by B</source>
<translation>B 更改 {n} 处</translation>
</message>
<message>
<source>1 alike</source>
<translation>相同更改 1 处</translation>
</message>
<message>
<source>{n} alike</source>
<translation>相同更改 {n} 处</translation>
</message>
<message>
<source>1 not judged</source>
<translation>1 处无法判断</translation>
</message>
<message>
<source>{n} not judged</source>
<translation>{n} 处无法判断</translation>
</message>
<message>
<source>Nothing was changed since.</source>
<translation>此后没有任何更改。</translation>
</message>
</context>
<context>
<name>Box</name>
<message>
<source>Message</source>
<translation>消息</translation>
</message>
<message>
<source>What to do</source>
<translation>解决办法</translation>
</message>
<message>
<source>Details</source>
<translation>详情</translation>
</message>
<message>
<source>Copy report</source>
<translation>复制报告</translation>
</message>
</context>
<context>
<name>Boxes</name>
<message>
<source>Clear</source>
<translation>清除</translation>
</message>
</context>
<context>
<name>ByteMap</name>
<message>
<source>Kernels (3-D and more)</source>
<translation>卷积核（三维及以上）</translation>
</message>
<message>
<source>Matrices</source>
<translation>矩阵</translation>
</message>
<message>
<source>Vectors</source>
<translation>向量</translation>
</message>
<message>
<source>Packed parts</source>
<translation>打包部分</translation>
</message>
<message>
<source>Buffers</source>
<translation>缓冲区</translation>
</message>
<message>
<source>Optimizer state</source>
<translation>优化器状态</translation>
</message>
<message>
<source>Other tensors</source>
<translation>其他张量</translation>
</message>
</context>
<context>
<name>ByteMapBox</name>
<message>
<source>Where the bytes are</source>
<translation>字节分布</translation>
</message>
<message>
<source>Read the values</source>
<translation>读取数值</translation>
</message>
<message>
<source>{read} of {tensors} read.</source>
<translation>已读取 {read} / {tensors}。</translation>
</message>
<message>
<source>The values are being read.</source>
<translation>正在读取数值。</translation>
</message>
<message>
<source>The values were not read.</source>
<translation>还没有读取数值。</translation>
</message>
<message>
<source>Read {size}</source>
<translation>读取 {size}</translation>
</message>
<message>
<source>Save</source>
<translation>保存</translation>
</message>
<message>
<source>Copy or save what is shown</source>
<translation>复制或保存所示内容</translation>
</message>
<message>
<source>Copy table</source>
<translation>复制表格</translation>
</message>
<message>
<source>Copy picture</source>
<translation>复制图片</translation>
</message>
<message>
<source>Save table…</source>
<translation>保存表格…</translation>
</message>
<message>
<source>Save picture as PNG…</source>
<translation>将图片保存为 PNG…</translation>
</message>
<message>
<source>Save drawing as SVG…</source>
<translation>把图形保存为 SVG…</translation>
</message>
<message>
<source>Save table</source>
<translation>保存表格</translation>
</message>
<message>
<source>Tab-separated tables (*.tsv)</source>
<translation>制表符分隔的表格 (*.tsv)</translation>
</message>
<message>
<source>Save picture</source>
<translation>保存图片</translation>
</message>
<message>
<source>PNG pictures (*.png)</source>
<translation>PNG 图片 (*.png)</translation>
</message>
<message>
<source>Save drawing</source>
<translation>保存图形</translation>
</message>
<message>
<source>SVG drawings (*.svg)</source>
<translation>SVG 图形 (*.svg)</translation>
</message>
<message>
<source>Kind</source>
<translation>种类</translation>
</message>
<message>
<source>Dtype</source>
<translation>数据类型</translation>
</message>
<message>
<source>Device</source>
<translation>设备</translation>
</message>
<message>
<source>Std</source>
<translation>标准差</translation>
</message>
<message>
<source>Change</source>
<translation>变化</translation>
</message>
<message>
<source>Colour</source>
<translation>着色</translation>
</message>
<message>
<source>Colour by {what}</source>
<translation>按{what}着色</translation>
</message>
<message>
<source>not stored</source>
<translation>未保存</translation>
</message>
<message>
<source>NaN or infinite</source>
<translation>NaN 或无穷</translation>
</message>
<message>
<source>all finite</source>
<translation>全部有限</translation>
</message>
<message>
<source>the same</source>
<translation>相同</translation>
</message>
<message>
<source>100 % of A&apos;s norm, or more</source>
<translation>A 范数的 100 % 或更多</translation>
</message>
<message>
<source>The standard deviations of 5 to 95 % of the tensors that are shown</source>
<translation>所示张量中 5 至 95 % 的标准差</translation>
</message>
<message>
<source>nothing finite</source>
<translation>没有有限值</translation>
</message>
<message>
<source>NaN, of another shape or alone</source>
<translation>NaN、形状不同或没有对应</translation>
</message>
<message>
<source>not read</source>
<translation>未读取</translation>
</message>
<message>
<source>Show {name}</source>
<translation>显示 {name}</translation>
</message>
<message>
<source>{size} in {tensors}</source>
<translation>{size}，{tensors}</translation>
</message>
<message>
<source>Click a box, or use the arrow keys, to select it. Double click or Enter goes in, Backspace out.</source>
<translation>单击方块或用方向键选中；双击或回车进入，退格返回。</translation>
</message>
<message>
<source>{n} NaN or infinite</source>
<translation>{n} 个 NaN 或无穷</translation>
</message>
<message>
<source>std {value}</source>
<translation>标准差 {value}</translation>
</message>
<message>
<source>cannot be compared</source>
<translation>无法比较</translation>
</message>
<message>
<source>changed by {part} % of A&apos;s norm</source>
<translation>变化为 A 范数的 {part} %</translation>
</message>
</context>
<context>
<name>Catcher</name>
<message>
<source>Something went wrong</source>
<translation>出错了</translation>
</message>
<message>
<source>Checkpoint Inspector made a mistake. Your files were not changed.</source>
<translation>Checkpoint Inspector 出现内部错误。您的文件没有被改动。</translation>
</message>
<message>
<source>You can go on working; what you just did may be incomplete. If it happens again, please copy the report and send it to us together with what you were doing.</source>
<translation>您可以继续使用；刚才的操作可能未完成。若再次出现，请复制报告，连同当时的操作一起发给我们。</translation>
</message>
<message>
<source>It is kept in {path}</source>
<translation>已保存在 {path}</translation>
</message>
</context>
<context>
<name>ChangeRuler</name>
<message>
<source>Where the changes are</source>
<translation>更改所在的位置</translation>
</message>
<message>
<source>All pairs, first to last: where they differ, and how much</source>
<translation>从第一对到最后一对：哪里不同，相差多少</translation>
</message>
</context>
<context>
<name>ChangedBanner</name>
<message>
<source>Follow</source>
<translation>跟踪</translation>
</message>
<message>
<source>Reads files again whenever they change, without being asked</source>
<translation>文件一有变化就重新读取，不再询问</translation>
</message>
<message>
<source>Reload</source>
<translation>重新加载</translation>
</message>
<message>
<source>Reload the file</source>
<translation>重新加载文件</translation>
</message>
<message>
<source>This file is being written. It is read again once it is whole; what you see is how it was.</source>
<translation>文件正在写入。写完整后会重新读取；您看到的是之前的内容。</translation>
</message>
<message>
<source>This file is no longer there. What you see is how it was.</source>
<translation>文件已不在原处。您看到的是之前的内容。</translation>
</message>
<message>
<source>This file was changed, and what it is now cannot be read: {why}. What you see is how it was.</source>
<translation>文件已更改，现在的内容无法读取：{why}。您看到的是之前的内容。</translation>
</message>
<message>
<source>Changed on disk at {time}. What you see is how it was.</source>
<translation>磁盘上的文件已于 {time} 更改。您看到的是之前的内容。</translation>
</message>
<message>
<source>Your edit is kept and made again after reloading.</source>
<translation>您的修改会保留，重新载入后再次应用。</translation>
</message>
<message>
<source>Your {n} edits are kept and made again after reloading.</source>
<translation>您的 {n} 项修改会保留，重新载入后再次应用。</translation>
</message>
</context>
<context>
<name>Chips</name>
<message>
<source>Show only</source>
<translation>只显示</translation>
</message>
</context>
<context>
<name>CodePanel</name>
<message>
<source>Code</source>
<translation>代码</translation>
</message>
<message>
<source>Texts in the file</source>
<translation>文件中的文本</translation>
</message>
<message>
<source>Copy name</source>
<translation>复制名称</translation>
</message>
<message>
<source>Copy the text</source>
<translation>复制文本</translation>
</message>
<message>
<source>Find in this text (Ctrl+F)</source>
<translation>在此文本中查找 (Ctrl+F)</translation>
</message>
<message>
<source>Show more</source>
<translation>显示更多</translation>
</message>
<message>
<source>There is no code and no other text in this file.</source>
<translation>此文件中没有代码，也没有其他文本。</translation>
</message>
<message>
<source>Reading the text</source>
<translation>正在读取文本</translation>
</message>
<message>
<source>Shown: {start} to {end} of {whole}.</source>
<translation>已显示：{start} 到 {end}，共 {whole}。</translation>
</message>
<message>
<source>Shown: the first {end} of {whole}.</source>
<translation>已显示：前 {end}，共 {whole}。</translation>
</message>
<message>
<source>Click its name to see the beginning.</source>
<translation>点击名称可从头查看。</translation>
</message>
<message>
<source>inspector code prints all of it.</source>
<translation>inspector code 可输出全部内容。</translation>
</message>
<message>
<source>Lines of more than {n} characters go on in the next line.</source>
<translation>超过 {n} 个字符的行会折到下一行。</translation>
</message>
</context>
<context>
<name>CodeView</name>
<message>
<source>Text</source>
<translation>文本</translation>
</message>
</context>
<context>
<name>Compare</name>
<message>
<source>Opening the files…</source>
<translation>正在打开文件…</translation>
</message>
<message>
<source>Pairing the tensors…</source>
<translation>正在给张量配对…</translation>
</message>
<message>
<source>Reading the values…</source>
<translation>正在读取数值…</translation>
</message>
<message>
<source>Stopped.</source>
<translation>已停止。</translation>
</message>
<message>
<source>{n} of {all} pairs known</source>
<translation>已知 {n} 对，共 {all} 对</translation>
</message>
<message>
<source>{n} differ so far</source>
<translation>目前有 {n} 处不同</translation>
</message>
<message>
<source>{done} of {total}</source>
<translation>{done} / {total}</translation>
</message>
<message>
<source>A and B are the same file.</source>
<translation>A 和 B 是同一个文件。</translation>
</message>
<message>
<source>A is an adapter, B a model.</source>
<translation>A 是适配器，B 是模型。</translation>
</message>
<message>
<source>B is an adapter, A a model.</source>
<translation>B 是适配器，A 是模型。</translation>
</message>
<message>
<source>Identical: the same tensors, values and metadata.</source>
<translation>完全相同：张量、数值和元数据都一样。</translation>
</message>
<message>
<source>The same weights in another form.</source>
<translation>同样的权重，另一种形式。</translation>
</message>
<message>
<source>The same weights, cast to another dtype.</source>
<translation>同样的权重，转换成了另一种数据类型。</translation>
</message>
<message>
<source>The same weights, some of them transposed, reshaped, split or joined.</source>
<translation>同样的权重，其中一些被转置、改变形状、拆分或拼接。</translation>
</message>
<message>
<source>What both have is the same, but not all is in both.</source>
<translation>两边都有的相同，但并非全部两边都有。</translation>
</message>
<message>
<source>What could be read is the same, but not all could be read.</source>
<translation>能读取的相同，但并非全部都能读取。</translation>
</message>
<message>
<source>Two parts of one checkpoint, which hold different pieces of it: open its folder or index instead.</source>
<translation>同一检查点的两个部分，各存一部分内容：请改为打开其文件夹或索引。</translation>
</message>
<message>
<source>The same network, trained further.</source>
<translation>同一网络，继续训练过。</translation>
</message>
<message>
<source>The same shapes with unrelated values.</source>
<translation>形状相同，数值无关。</translation>
</message>
<message>
<source>Different architectures.</source>
<translation>不同的架构。</translation>
</message>
<message>
<source>No values could be read, so nothing can be said of them.</source>
<translation>没有能读取的数值，因此无法判断。</translation>
</message>
<message>
<source>Compared by names, shapes and dtypes; there were no values to read.</source>
<translation>按名称、形状和数据类型比较；没有可读取的数值。</translation>
</message>
<message>
<source>There is nothing to compare: one of the files holds no tensors here.</source>
<translation>没有可比较的内容：其中一个文件此处没有张量。</translation>
</message>
<message>
<source>No key of A is in B.</source>
<translation>A 的键没有一个在 B 中。</translation>
</message>
<message>
<source>{n} of {all} tensors differ</source>
<translation>{all} 个张量中有 {n} 个不同</translation>
</message>
<message>
<source>cosine {value}</source>
<translation>余弦 {value}</translation>
</message>
<message>
<source>relative distance {value}</source>
<translation>相对距离 {value}</translation>
</message>
<message>
<source>{n} tensors in both, {read} of them read</source>
<translation>两边都有 {n} 个张量，读取了 {read} 个</translation>
</message>
<message>
<source>no tensor of A has a partner in B</source>
<translation>A 的张量在 B 中都没有对应</translation>
</message>
<message>
<source>{a} of A and {b} of B arranged otherwise</source>
<translation>A 的 {a} 个与 B 的 {b} 个排列不同</translation>
</message>
<message>
<source>1 counter left out</source>
<translation>1 个计数器未计入</translation>
</message>
<message>
<source>{n} counters left out</source>
<translation>{n} 个计数器未计入</translation>
</message>
<message>
<source>1 other value differs</source>
<translation>另有 1 个值不同</translation>
</message>
<message>
<source>{n} other values differ</source>
<translation>另有 {n} 个值不同</translation>
</message>
<message>
<source>{n} more rearranged</source>
<translation>另有 {n} 个重新排列</translation>
</message>
<message>
<source>and {n} more groups of which nothing tells which is which</source>
<translation>另有 {n} 组无从分辨</translation>
</message>
<message>
<source>The same network with other values.</source>
<translation>同一网络，数值不同。</translation>
</message>
<message>
<source>Seems: {what} (rests on {n} of {all} tensors)</source>
<translation>推测：{what}（依据 {all} 个张量中的 {n} 个）</translation>
</message>
<message>
<source>{n} of the {all} tensors that differ were looked at for this, the largest</source>
<translation>为此查看了 {all} 个不同张量中最大的 {n} 个</translation>
</message>
<message>
<source>Changed: {layers}</source>
<translation>变化：{layers}</translation>
</message>
<message>
<source>Frozen: {layers}</source>
<translation>冻结：{layers}</translation>
</message>
<message>
<source>Quantized from A: {all}, worst {layer} {worst}.</source>
<translation>由 A 量化而来：{all}，最差 {layer} {worst}。</translation>
</message>
<message>
<source>Quantized from B: {all}, worst {layer} {worst}.</source>
<translation>由 B 量化而来：{all}，最差 {layer} {worst}。</translation>
</message>
<message>
<source>Two packings of the same weights: {all} from A to B, worst {layer} {worst}.</source>
<translation>同样权重的两种打包：从 A 到 B {all}，最差 {layer} {worst}。</translation>
</message>
<message>
<source>{n} packed</source>
<translation>{n}已打包</translation>
</message>
<message>
<source>{n} others differ</source>
<translation>另有 {n} 个不同</translation>
</message>
<message>
<source>{n} only in A</source>
<translation>{n} 个仅在 A</translation>
</message>
<message>
<source>{n} only in B</source>
<translation>{n} 个仅在 B</translation>
</message>
<message>
<source>{n} of another shape</source>
<translation>{n} 个形状不同</translation>
</message>
<message>
<source>{n} could not be read</source>
<translation>{n} 个无法读取</translation>
</message>
<message>
<source>{n} under other names</source>
<translation>{n} 个名称不同</translation>
</message>
<message>
<source>{a} is transposed in B: {b}</source>
<translation>{a} 在 B 中被转置：{b}</translation>
</message>
<message>
<source>{a} has its dimensions in another order in B: {b}</source>
<translation>{a} 在 B 中维度顺序不同：{b}</translation>
</message>
<message>
<source>{a} is reshaped in B: {b}</source>
<translation>{a} 在 B 中改变了形状：{b}</translation>
</message>
<message>
<source>{a} has another name in B: {b}</source>
<translation>{a} 在 B 中名称不同：{b}</translation>
</message>
<message>
<source>{a} has its slices in another order in B: {b}</source>
<translation>{a} 在 B 中切片顺序不同：{b}</translation>
</message>
<message>
<source>{a} in A are joined in B: {b}</source>
<translation>A 中的 {a} 在 B 中拼接：{b}</translation>
</message>
<message>
<source>{a} in A are stacked in B: {b}</source>
<translation>A 中的 {a} 在 B 中堆叠：{b}</translation>
</message>
<message>
<source>{a} has more slices in B: {b}</source>
<translation>{a} 在 B 中有更多切片：{b}</translation>
</message>
<message>
<source>{a} has fewer slices in B: {b}</source>
<translation>{a} 在 B 中的切片较少：{b}</translation>
</message>
<message>
<source>{a} is transposed in B</source>
<translation>{a} 在 B 中被转置</translation>
</message>
<message>
<source>{a} has its dimensions in another order in B</source>
<translation>{a} 在 B 中维度顺序不同</translation>
</message>
<message>
<source>{a} is reshaped in B</source>
<translation>{a} 在 B 中改变了形状</translation>
</message>
<message>
<source>{a} has its slices in another order in B</source>
<translation>{a} 在 B 中切片顺序不同</translation>
</message>
<message>
<source>{a} has more slices in B</source>
<translation>{a} 在 B 中有更多切片</translation>
</message>
<message>
<source>{a} has fewer slices in B</source>
<translation>{a} 在 B 中的切片较少</translation>
</message>
<message>
<source>{a} in A is split in B: {b}</source>
<translation>A 中的 {a} 在 B 中拆分：{b}</translation>
</message>
<message>
<source>{a} in A is unstacked in B: {b}</source>
<translation>A 中的 {a} 在 B 中拆开堆叠：{b}</translation>
</message>
<message>
<source>transposed as well</source>
<translation>并且转置</translation>
</message>
<message>
<source>B was quantized to {bits} bits as a whole and made floats again, {decibels} dB at worst</source>
<translation>B 曾整体量化为 {bits} 位再变回浮点，最差 {decibels} dB</translation>
</message>
<message>
<source>B was quantized to {bits} bits in blocks of {group}×{group} and made floats again, {decibels} dB at worst</source>
<translation>B 曾按 {group}×{group} 的块量化为 {bits} 位再变回浮点，最差 {decibels} dB</translation>
</message>
<message>
<source>B was quantized to {bits} bits in runs of {group} of a column and made floats again, {decibels} dB at worst</source>
<translation>B 曾沿列按每 {group} 个一组量化为 {bits} 位再变回浮点，最差 {decibels} dB</translation>
</message>
<message>
<source>B was quantized to {bits} bits by columns and made floats again, {decibels} dB at worst</source>
<translation>B 曾按列量化为 {bits} 位再变回浮点，最差 {decibels} dB</translation>
</message>
<message>
<source>{lowest} to {rank}</source>
<translation>{lowest} 至 {rank}</translation>
</message>
<message>
<source>a low-rank adapter (LoRA) of rank {ranks} was merged into {modules}</source>
<translation>秩为 {ranks} 的低秩适配器（LoRA）已合并到 {modules}</translation>
</message>
<message>
<source>the change of {modules} has rank {ranks}; {others} other tensors changed too</source>
<translation>{modules} 的变化秩为 {ranks}；另有 {others} 个张量也有变化</translation>
</message>
<message>
<source>B was quantized to {bits} bits in runs of {group} and made floats again, {decibels} dB at worst</source>
<translation>B 曾按每 {group} 个一组量化为 {bits} 位再变回浮点，最差 {decibels} dB</translation>
</message>
<message>
<source>B was quantized to {bits} bits by rows and made floats again, {decibels} dB at worst</source>
<translation>B 曾按行量化为 {bits} 位再变回浮点，最差 {decibels} dB</translation>
</message>
<message>
<source>B went through {to}, rounded to nearest</source>
<translation>B 经过了 {to}，就近舍入</translation>
</message>
<message>
<source>B went through {to}, rounded towards zero</source>
<translation>B 经过了 {to}，向零舍入</translation>
</message>
<message>
<source>B is A times {least}</source>
<translation>B 是 A 乘以 {least}</translation>
</message>
<message>
<source>B is A times {least} to {most}</source>
<translation>B 是 A 乘以 {least} 至 {most}</translation>
</message>
<message>
<source>elements were set to zero, {share} of those tensors</source>
<translation>部分元素被置零，占这些张量的 {share}</translation>
</message>
<message>
<source>only normalisations and biases were trained</source>
<translation>只训练了归一化和偏置</translation>
</message>
<message>
<source>{modules} made anew, the rest comes from A</source>
<translation>{modules} 是新建的，其余来自 A</translation>
</message>
<message>
<source>B comes from A: what changed points the same way, as after training on</source>
<translation>B 来自 A：变化的部分方向一致，如同继续训练之后</translation>
</message>
<message>
<source>B does not come from A</source>
<translation>B 不是来自 A</translation>
</message>
<message>
<source>{a} and {b} hold one and the same value: nothing tells which is which</source>
<translation>{a} 与 {b} 全是同一个值：无从分辨谁是谁</translation>
</message>
<message>
<source>{a} and {b} hold the same values: nothing tells which is which</source>
<translation>{a} 与 {b} 数值相同：无从分辨谁是谁</translation>
</message>
<message>
<source>{n} of the {all} tensors without an equal partner were not looked at for what they are made of: there are too many, and the largest go first</source>
<translation>没有相同对应项的 {all} 个张量中，有 {n} 个未检查由什么组成：数量太多，先看最大的</translation>
</message>
<message>
<source>What the {n} tensors that are left are nearly made of was not looked for: there are too many</source>
<translation>其余 {n} 个张量近似由什么组成未作查找：数量太多</translation>
</message>
<message>
<source>{n} tensors ({first}, …)</source>
<translation>{n} 个张量（{first}…）</translation>
</message>
<message>
<source>{order}, {n} heads</source>
<translation>{order}，{n} 个头</translation>
</message>
<message>
<source>rotary halves</source>
<translation>旋转位置的两半</translation>
</message>
<message>
<source>rotary pairs</source>
<translation>旋转位置的成对</translation>
</message>
<message>
<source>in alternating groups</source>
<translation>交替分组</translation>
</message>
<message>
<source>in reverse order</source>
<translation>顺序相反</translation>
</message>
<message>
<source>in an order of their own</source>
<translation>自有顺序</translation>
</message>
<message>
<source>{more} more in front of the {common} along dimension {dim}</source>
<translation>沿第 {dim} 维在 {common} 个之前多出 {more} 个</translation>
</message>
<message>
<source>{more} more around the {common} along dimension {dim}</source>
<translation>沿第 {dim} 维在 {common} 个前后共多出 {more} 个</translation>
</message>
<message>
<source>{more} more behind the {common} along dimension {dim}</source>
<translation>沿第 {dim} 维在 {common} 个之后多出 {more} 个</translation>
</message>
<message>
<source>the last {common} of {all} along dimension {dim}</source>
<translation>沿第 {dim} 维 {all} 个中的最后 {common} 个</translation>
</message>
<message>
<source>{common} of {all} along dimension {dim}</source>
<translation>沿第 {dim} 维 {all} 个中的 {common} 个</translation>
</message>
<message>
<source>the first {common} of {all} along dimension {dim}</source>
<translation>沿第 {dim} 维 {all} 个中的前 {common} 个</translation>
</message>
<message>
<source>new: {what}</source>
<translation>新增：{what}</translation>
</message>
<message>
<source>left out: {what}</source>
<translation>舍去：{what}</translation>
</message>
<message>
<source>values of their own (std {std})</source>
<translation>自有的值（标准差 {std}）</translation>
</message>
<message>
<source>values of their own (std {std}, the others {others})</source>
<translation>自有的值（标准差 {std}，其余 {others}）</translation>
</message>
<message>
<source>zeros</source>
<translation>零</translation>
</message>
<message>
<source>all {value}</source>
<translation>全部为 {value}</translation>
</message>
<message>
<source>the mean of the others</source>
<translation>其余的均值</translation>
</message>
<message>
<source>nearly the mean of the others (relative distance {distance})</source>
<translation>接近其余的均值（相对距离 {distance}）</translation>
</message>
<message>
<source>copies of number {row}</source>
<translation>第 {row} 个的副本</translation>
</message>
<message>
<source>the others once more</source>
<translation>其余的再重复一遍</translation>
</message>
<message>
<source>copies of others</source>
<translation>其余的副本</translation>
</message>
<message>
<source>values of their own</source>
<translation>自有的值</translation>
</message>
<message>
<source>exactly a cast</source>
<translation>恰为类型转换</translation>
</message>
<message>
<source>times {factor}</source>
<translation>乘以 {factor}</translation>
</message>
<message>
<source>nearly: relative distance {value}</source>
<translation>近似：相对距离 {value}</translation>
</message>
<message>
<source>as its weight is</source>
<translation>与其权重相同</translation>
</message>
<message>
<source>(root)</source>
<translation>（根）</translation>
</message>
<message>
<source>{layers} and {n} more</source>
<translation>{layers} 等，另有 {n} 层</translation>
</message>
<message>
<source>Wrapper</source>
<translation>包装</translation>
</message>
<message>
<source>Prefix</source>
<translation>前缀</translation>
</message>
<message>
<source>Names</source>
<translation>名称</translation>
</message>
<message>
<source>Numbering</source>
<translation>编号</translation>
</message>
<message>
<source>Equal content under any name</source>
<translation>内容相同，名称不限</translation>
</message>
<message>
<source>Equal shapes, in the order in which they are stored</source>
<translation>形状相同，按存储顺序配对</translation>
</message>
<message>
<source>(nothing)</source>
<translation>（无）</translation>
</message>
<message>
<source>explains 1 name</source>
<translation>解释 1 个名称</translation>
</message>
<message>
<source>explains {n} names</source>
<translation>解释 {n} 个名称</translation>
</message>
<message>
<source>1 collision</source>
<translation>1 个冲突</translation>
</message>
<message>
<source>{n} collisions</source>
<translation>{n} 个冲突</translation>
</message>
<message>
<source>{n} left over</source>
<translation>剩余 {n} 个</translation>
</message>
<message>
<source>Equal</source>
<translation>相同</translation>
</message>
<message>
<source>Values</source>
<translation>数值</translation>
</message>
<message>
<source>Shape</source>
<translation>形状</translation>
</message>
<message>
<source>Only in A</source>
<translation>仅在 A 中</translation>
</message>
<message>
<source>Only in B</source>
<translation>仅在 B 中</translation>
</message>
<message>
<source>Counters</source>
<translation>计数器</translation>
</message>
<message>
<source>Renamed</source>
<translation>已改名</translation>
</message>
<message>
<source>Not read yet</source>
<translation>尚未读取</translation>
</message>
<message>
<source>Device</source>
<translation>设备</translation>
</message>
<message>
<source>other shapes, so the values are not compared</source>
<translation>形状不同，因此不比较数值</translation>
</message>
<message>
<source>A has it and B does not</source>
<translation>A 有而 B 没有</translation>
</message>
<message>
<source>B has it and A does not</source>
<translation>B 有而 A 没有</translation>
</message>
<message>
<source>alike so far; the values were not read yet</source>
<translation>目前一致；数值尚未读取</translation>
</message>
<message>
<source>numbers, texts and metadata that differ</source>
<translation>不同的数字、文本和元数据</translation>
</message>
<message>
<source>saved from different devices</source>
<translation>保存自不同的设备</translation>
</message>
<message>
<source>Not readable</source>
<translation>无法读取</translation>
</message>
<message>
<source>Cast only</source>
<translation>仅类型转换</translation>
</message>
<message>
<source>Other values</source>
<translation>其他值</translation>
</message>
<message>
<source>Conflict</source>
<translation>冲突</translation>
</message>
<message>
<source>A changed it</source>
<translation>A 已更改</translation>
</message>
<message>
<source>B changed it</source>
<translation>B 已更改</translation>
</message>
<message>
<source>Both alike</source>
<translation>更改相同</translation>
</message>
<message>
<source>the same shape, dtype and values, under whatever name</source>
<translation>形状、数据类型和值都相同，不论名称</translation>
</message>
<message>
<source>the same shape, other values</source>
<translation>形状相同，值不同</translation>
</message>
<message>
<source>one is exactly the other in another dtype</source>
<translation>一方正是另一方转换数据类型的结果</translation>
</message>
<message>
<source>counts of steps or batches that went on; they are in no distance</source>
<translation>步数或批次数的计数，有所前进；不计入任何距离</translation>
</message>
<message>
<source>the values could not be compared</source>
<translation>无法比较这些值</translation>
</message>
<message>
<source>paired although the names differ</source>
<translation>名称不同但已配对</translation>
</message>
<message>
<source>both changed it since the base, each in its own way</source>
<translation>自基准以来两者都更改了它，且各不相同</translation>
</message>
<message>
<source>only A changed it since the base</source>
<translation>自基准以来仅 A 更改了它</translation>
</message>
<message>
<source>only B changed it since the base</source>
<translation>自基准以来仅 B 更改了它</translation>
</message>
<message>
<source>both changed it since the base, and are the same</source>
<translation>自基准以来两者都更改了它，且结果相同</translation>
</message>
<message>
<source>{what}, {who}</source>
<translation>{what}，{who}</translation>
</message>
<message>
<source>equal</source>
<translation>相等</translation>
</message>
<message>
<source>values</source>
<translation>值不同</translation>
</message>
<message>
<source>cast only</source>
<translation>仅类型转换</translation>
</message>
<message>
<source>shape</source>
<translation>形状不同</translation>
</message>
<message>
<source>only in A</source>
<translation>仅在 A 中</translation>
</message>
<message>
<source>only in B</source>
<translation>仅在 B 中</translation>
</message>
<message>
<source>counter</source>
<translation>计数器</translation>
</message>
<message>
<source>not read yet</source>
<translation>尚未读取</translation>
</message>
<message>
<source>not readable</source>
<translation>无法读取</translation>
</message>
<message>
<source>cast</source>
<translation>仅转换</translation>
</message>
<message>
<source>reading…</source>
<translation>正在读取…</translation>
</message>
<message>
<source>counter, {a} → {b}</source>
<translation>计数器，{a} → {b}</translation>
</message>
<message>
<source>equal, other device</source>
<translation>相同，设备不同</translation>
</message>
<message>
<source>conflict</source>
<translation>冲突</translation>
</message>
<message>
<source>by A</source>
<translation>由 A</translation>
</message>
<message>
<source>by B</source>
<translation>由 B</translation>
</message>
<message>
<source>by both</source>
<translation>由两者</translation>
</message>
<message>
<source>A added it</source>
<translation>A 已添加</translation>
</message>
<message>
<source>A dropped it</source>
<translation>A 已移除</translation>
</message>
<message>
<source>B added it</source>
<translation>B 已添加</translation>
</message>
<message>
<source>B dropped it</source>
<translation>B 已移除</translation>
</message>
<message>
<source>both changed it</source>
<translation>两者都已更改</translation>
</message>
<message>
<source>only in A: {value}</source>
<translation>仅在 A 中：{value}</translation>
</message>
<message>
<source>only in B: {value}</source>
<translation>仅在 B 中：{value}</translation>
</message>
<message>
<source>scalar</source>
<translation>标量</translation>
</message>
<message>
<source>{n}-D</source>
<translation>{n} 维</translation>
</message>
<message>
<source>{value} of A&apos;s norm</source>
<translation>为 A 的范数的 {value}</translation>
</message>
<message>
<source>{value} of A&apos;s norm, all of it together</source>
<translation>合计为 A 的范数的 {value}</translation>
</message>
<message>
<source>Some of it was not read yet.</source>
<translation>其中一部分尚未读取。</translation>
</message>
<message>
<source>values differ</source>
<translation>值不同</translation>
</message>
<message>
<source>{n} percent</source>
<translation>百分之 {n}</translation>
</message>
<message>
<source>{name}, {what}, level {level}</source>
<translation>{name}，{what}，第 {level} 级</translation>
</message>
<message>
<source> to </source>
<translation> 变为 </translation>
</message>
</context>
<context>
<name>CompareCommands</name>
<message>
<source>Drop from &amp;A</source>
<translation>从 A 中移除(&amp;A)</translation>
</message>
<message>
<source>Take B&apos;s into &amp;A</source>
<translation>用 B 的替换 A 的(&amp;A)</translation>
</message>
<message>
<source>Drop from &amp;B</source>
<translation>从 B 中移除(&amp;B)</translation>
</message>
<message>
<source>Take A&apos;s into &amp;B</source>
<translation>用 A 的替换 B 的(&amp;B)</translation>
</message>
</context>
<context>
<name>ComparePage</name>
<message>
<source>Comparison</source>
<translation>比较</translation>
</message>
<message>
<source>What just happened</source>
<translation>刚刚发生的事</translation>
</message>
<message>
<source>Pair</source>
<translation>配对</translation>
</message>
<message>
<source>Rules</source>
<translation>规则</translation>
</message>
<message>
<source>Relations</source>
<translation>关系</translation>
</message>
<message>
<source>Pair, rules and relations</source>
<translation>配对、规则与关系</translation>
</message>
<message>
<source>Hide the details</source>
<translation>隐藏详情</translation>
</message>
<message>
<source>Hide the details (F7)</source>
<translation>隐藏详情 (F7)</translation>
</message>
<message>
<source>Take B&apos;s into A</source>
<translation>用 B 的替换 A 的</translation>
</message>
<message>
<source>Drop from A</source>
<translation>从 A 中移除</translation>
</message>
<message>
<source>Take A&apos;s into B</source>
<translation>用 A 的替换 B 的</translation>
</message>
<message>
<source>Drop from B</source>
<translation>从 B 中移除</translation>
</message>
<message>
<source>As an edit that waits to be saved ({keys})</source>
<translation>作为待保存的修改 ({keys})</translation>
</message>
<message>
<source>Verdict</source>
<translation>结论</translation>
</message>
<message>
<source>Progress</source>
<translation>进度</translation>
</message>
<message>
<source>By which rules names were paired, and whether one file would load into the other&apos;s model</source>
<translation>名称按哪些规则配对，以及一个文件能否载入另一个文件的模型</translation>
</message>
<message>
<source>Which tensors are others transposed, reshaped, joined, split, cast or changed</source>
<translation>哪些张量是另一些张量经转置、重塑、拼接、拆分、类型转换或变化而来</translation>
</message>
<message>
<source>What it adds</source>
<translation>它增加了什么</translation>
</message>
<message>
<source>Which weights of the model each module of the adapter changes, and how much</source>
<translation>适配器的每个模块改变模型的哪些权重，改变多少</translation>
</message>
<message>
<source>Filter:  q_proj   *.weight   shape:64x3   -bias</source>
<translation>筛选：  q_proj   *.weight   shape:64x3   -bias</translation>
</message>
<message>
<source>Filter the pairs</source>
<translation>筛选配对</translation>
</message>
<message>
<source>List</source>
<translation>列表</translation>
</message>
<message>
<source>All pairs in one list, so that sorting goes over all of them</source>
<translation>所有配对排成一个列表，以便整体排序</translation>
</message>
<message>
<source>Which change it is</source>
<translation>第几处更改</translation>
</message>
<message>
<source>Previous change</source>
<translation>上一处更改</translation>
</message>
<message>
<source>Next change</source>
<translation>下一处更改</translation>
</message>
<message>
<source>Rules ({n})</source>
<translation>规则 ({n})</translation>
</message>
<message>
<source>Match by shape and order…</source>
<translation>按形状和顺序配对…</translation>
</message>
<message>
<source>Relations ({n})</source>
<translation>关系 ({n})</translation>
</message>
<message>
<source>1 conflict is left: {name} keeps what it has there.</source>
<translation>剩余 1 处冲突：{name} 保留其原有内容。</translation>
</message>
<message>
<source>{n} conflicts are left: {name} keeps what it has there.</source>
<translation>剩余 {n} 处冲突：{name} 保留其原有内容。</translation>
</message>
<message>
<source>No edit brings over {n} more.</source>
<translation>另有 {n} 处没有修改能够带入。</translation>
</message>
<message>
<source>Show the conflicts</source>
<translation>显示冲突</translation>
</message>
<message>
<source>Go on</source>
<translation>继续</translation>
</message>
<message>
<source>Try again</source>
<translation>重试</translation>
</message>
<message>
<source>Reload</source>
<translation>重新加载</translation>
</message>
<message>
<source>Stop</source>
<translation>停止</translation>
</message>
<message>
<source>{found} of {total}</source>
<translation>{found} / {total}</translation>
</message>
<message>
<source>The pairs will stand here once both files are open and their names are paired.</source>
<translation>两个文件打开且名称配对后，配对将显示在这里。</translation>
</message>
<message>
<source>Neither file holds a tensor here.</source>
<translation>两个文件在这里都没有张量。</translation>
</message>
<message>
<source>None of the {n} pairs fits the filter. Esc clears it.</source>
<translation>{n} 对中没有符合筛选条件的。按 Esc 清除筛选。</translation>
</message>
<message>
<source>Change {n} of {total}</source>
<translation>第 {n} 处更改，共 {total} 处</translation>
</message>
<message>
<source>1 change</source>
<translation>1 处更改</translation>
</message>
<message>
<source>{n} changes</source>
<translation>{n} 处更改</translation>
</message>
<message>
<source>{found} of {total} pairs shown</source>
<translation>显示 {found} 对，共 {total} 对</translation>
</message>
<message>
<source>1 pair</source>
<translation>1 对</translation>
</message>
<message>
<source>{n} pairs</source>
<translation>{n} 对</translation>
</message>
<message>
<source>{n} rows selected</source>
<translation>已选 {n} 行</translation>
</message>
<message>
<source>{name} was opened. The comparison goes on with the two files that it is of.</source>
<translation>已打开 {name}。比较仍针对原来的两个文件。</translation>
</message>
<message>
<source>Compare it as A</source>
<translation>作为 A 比较</translation>
</message>
<message>
<source>Compare it as B</source>
<translation>作为 B 比较</translation>
</message>
<message>
<source>Back to the files</source>
<translation>返回文件</translation>
</message>
<message>
<source>Both come from it</source>
<translation>两者都来自它</translation>
</message>
<message>
<source>Details</source>
<translation>详情</translation>
</message>
<message>
<source>In {name}:</source>
<translation>在 {name} 中：</translation>
</message>
<message>
<source>Rename to the names of {other}</source>
<translation>改用 {other} 的名称</translation>
</message>
<message>
<source>Cast to the dtypes of {other}</source>
<translation>转换为 {other} 的数据类型</translation>
</message>
<message>
<source>Take the devices of {other}</source>
<translation>采用 {other} 的设备</translation>
</message>
<message>
<source>Take the values of {other}</source>
<translation>采用 {other} 的数值</translation>
</message>
<message>
<source>Take the tensors of {other}</source>
<translation>采用 {other} 的张量</translation>
</message>
<message>
<source>Drop {n}</source>
<translation>移除 {n}</translation>
</message>
<message>
<source>Show in the file {name}</source>
<translation>在文件 {name} 中显示</translation>
</message>
<message>
<source>1 tensor is not in {name}: an edit gives new values to what a file has, and adds no tensors.</source>
<translation>有 1 个张量不在 {name} 中：修改只为文件已有的张量赋新值，不会添加张量。</translation>
</message>
<message>
<source>{n} tensors are not in {name}: an edit gives new values to what a file has, and adds no tensors.</source>
<translation>有 {n} 个张量不在 {name} 中：修改只为文件已有的张量赋新值，不会添加张量。</translation>
</message>
<message>
<source>Working out the edits</source>
<translation>正在计算修改</translation>
</message>
<message>
<source>There is no edit that does this.</source>
<translation>没有能做到这一点的修改。</translation>
</message>
<message>
<source>There is nothing to take here: the values are the same, or not read yet.</source>
<translation>这里没有可采用的内容：值相同，或尚未读取。</translation>
</message>
</context>
<context>
<name>ComparisonProgress</name>
<message>
<source>Laying out the pairs</source>
<translation>正在排列配对</translation>
</message>
<message>
<source>Pairing the tensors</source>
<translation>正在配对张量</translation>
</message>
<message>
<source>Comparing values</source>
<translation>正在比较数值</translation>
</message>
</context>
<context>
<name>Details</name>
<message>
<source>Properties</source>
<translation>属性</translation>
</message>
<message>
<source>Records</source>
<translation>记录</translation>
</message>
<message>
<source>Records of the archive: {n}</source>
<translation>归档中的记录：{n}</translation>
</message>
<message>
<source>Name</source>
<translation>名称</translation>
</message>
<message>
<source>Offset</source>
<translation>偏移</translation>
</message>
<message>
<source>On disk</source>
<translation>磁盘占用</translation>
</message>
<message>
<source>Size</source>
<translation>大小</translation>
</message>
<message>
<source>Method</source>
<translation>方式</translation>
</message>
<message>
<source>CRC-32</source>
<translation>CRC-32</translation>
</message>
<message>
<source>Remark</source>
<translation>备注</translation>
</message>
<message>
<source>Checkpoint</source>
<translation>检查点</translation>
</message>
<message>
<source>Path</source>
<translation>路径</translation>
</message>
<message>
<source>Format</source>
<translation>格式</translation>
</message>
<message>
<source>Kind</source>
<translation>种类</translation>
</message>
<message>
<source>Tensors</source>
<translation>张量</translation>
</message>
<message>
<source>Values</source>
<translation>数值</translation>
</message>
<message>
<source>Storages</source>
<translation>存储</translation>
</message>
<message>
<source>File {n}</source>
<translation>文件 {n}</translation>
</message>
<message>
<source>File</source>
<translation>文件</translation>
</message>
<message>
<source>Modified</source>
<translation>修改时间</translation>
</message>
<message>
<source>Inode</source>
<translation>Inode</translation>
</message>
<message>
<source>Version</source>
<translation>版本</translation>
</message>
<message>
<source>the server does not say</source>
<translation>服务器未说明</translation>
</message>
<message>
<source>Container</source>
<translation>容器</translation>
</message>
<message>
<source>State dicts</source>
<translation>状态字典</translation>
</message>
<message>
<source>(the whole file)</source>
<translation>（整个文件）</translation>
</message>
<message>
<source>Pickle {member}</source>
<translation>Pickle {member}</translation>
</message>
<message>
<source>Bytes</source>
<translation>字节</translation>
</message>
<message>
<source>Nodes</source>
<translation>节点</translation>
</message>
<message>
<source>Findings</source>
<translation>检查结果</translation>
</message>
<message>
<source>_metadata for {n} modules</source>
<translation>{n} 个模块的 _metadata</translation>
</message>
<message>
<source>_metadata of {path}</source>
<translation>{path} 的 _metadata</translation>
</message>
<message>
<source>the whole file</source>
<translation>整个文件</translation>
</message>
<message>
<source>Selection</source>
<translation>所选内容</translation>
</message>
<message>
<source>Group</source>
<translation>分组</translation>
</message>
<message>
<source>Key</source>
<translation>键</translation>
</message>
<message>
<source>Elements</source>
<translation>元素</translation>
</message>
<message>
<source>State dict</source>
<translation>状态字典</translation>
</message>
<message>
<source>yes</source>
<translation>是</translation>
</message>
<message>
<source>no</source>
<translation>否</translation>
</message>
<message>
<source>Packed tensor</source>
<translation>打包的张量</translation>
</message>
<message>
<source>Scheme</source>
<translation>打包方式</translation>
</message>
<message>
<source>How</source>
<translation>说明</translation>
</message>
<message>
<source>Stands for</source>
<translation>代表的类型</translation>
</message>
<message>
<source>Bits of a code</source>
<translation>每个编码的位数</translation>
</message>
<message>
<source>Bits a weight</source>
<translation>每个权重的位数</translation>
</message>
<message>
<source>Weights that share a scale</source>
<translation>共用一个缩放的权重数</translation>
</message>
<message>
<source>Parts</source>
<translation>各部分</translation>
</message>
<message>
<source>Value</source>
<translation>值</translation>
</message>
<message>
<source>Type</source>
<translation>类型</translation>
</message>
<message>
<source>Length</source>
<translation>长度</translation>
</message>
<message>
<source>Node in the pickle</source>
<translation>pickle 中的节点</translation>
</message>
<message>
<source>State of</source>
<translation>所属</translation>
</message>
<message>
<source>Related tensors: {n}</source>
<translation>相关张量：{n}</translation>
</message>
<message>
<source>Shape</source>
<translation>形状</translation>
</message>
<message>
<source>Data type</source>
<translation>数据类型</translation>
</message>
<message>
<source>What it is to this one</source>
<translation>与本张量的关系</translation>
</message>
<message>
<source>not stored</source>
<translation>未保存</translation>
</message>
<message>
<source>Tensor</source>
<translation>张量</translation>
</message>
<message>
<source>Name in its state dict</source>
<translation>在状态字典中的名称</translation>
</message>
<message>
<source>Stride</source>
<translation>步幅</translation>
</message>
<message>
<source>{n} elements</source>
<translation>{n} 个元素</translation>
</message>
<message>
<source>Layout</source>
<translation>布局</translation>
</message>
<message>
<source>Device</source>
<translation>设备</translation>
</message>
<message>
<source>Requires grad</source>
<translation>需要梯度</translation>
</message>
<message>
<source>Logical bytes</source>
<translation>逻辑字节</translation>
</message>
<message>
<source>Problem</source>
<translation>问题</translation>
</message>
<message>
<source>Of this layout</source>
<translation>此布局的</translation>
</message>
<message>
<source>Values from</source>
<translation>数值来自</translation>
</message>
<message>
<source>Class</source>
<translation>类</translation>
</message>
<message>
<source>{shape}, of which this is one process&apos;s part: {placements}</source>
<translation>{shape}，这里是其中一个进程的部分：{placements}</translation>
</message>
<message>
<source>Part of</source>
<translation>组成</translation>
</message>
<message>
<source>Coalesced</source>
<translation>已合并</translation>
</message>
<message>
<source>Form</source>
<translation>形式</translation>
</message>
<message>
<source>Ragged dimension</source>
<translation>不规则维度</translation>
</message>
<message>
<source>Quantization scheme</source>
<translation>量化方案</translation>
</message>
<message>
<source>Scale</source>
<translation>缩放</translation>
</message>
<message>
<source>Zero point</source>
<translation>零点</translation>
</message>
<message>
<source>Channels along dimension</source>
<translation>通道所在维度</translation>
</message>
<message>
<source>Conjugate</source>
<translation>共轭</translation>
</message>
<message>
<source>Negative</source>
<translation>取负</translation>
</message>
<message>
<source>{shape} {dtype}, in storage {name}</source>
<translation>{shape} {dtype}，位于存储 {name}</translation>
</message>
<message>
<source>not there</source>
<translation>不存在</translation>
</message>
<message>
<source>{file}, byte {n}</source>
<translation>{file}，第 {n} 字节</translation>
</message>
<message>
<source>{n} more chunks</source>
<translation>另有 {n} 块</translation>
</message>
<message>
<source>Storage</source>
<translation>存储</translation>
</message>
<message>
<source>none</source>
<translation>无</translation>
</message>
<message>
<source>Declared bytes</source>
<translation>声明的字节</translation>
</message>
<message>
<source>Byte order</source>
<translation>字节序</translation>
</message>
<message>
<source>big</source>
<translation>大端</translation>
</message>
<message>
<source>little</source>
<translation>小端</translation>
</message>
<message>
<source>stored</source>
<translation>未压缩</translation>
</message>
<message>
<source>deflated</source>
<translation>已压缩 (deflate)</translation>
</message>
<message>
<source>Where it lies</source>
<translation>所在位置</translation>
</message>
<message>
<source>Offset in the file</source>
<translation>在文件中的偏移</translation>
</message>
<message>
<source>Bytes on disk</source>
<translation>磁盘字节</translation>
</message>
<message>
<source>Compression</source>
<translation>压缩</translation>
</message>
</context>
<context>
<name>DifferenceMap</name>
<message>
<source>Differences, B minus A</source>
<translation>差值，B 减 A</translation>
</message>
<message>
<source>Difference under the cursor</source>
<translation>光标处的差值</translation>
</message>
<message>
<source>Draw it</source>
<translation>绘制</translation>
</message>
<message>
<source>Drawing the differences</source>
<translation>正在绘制差值</translation>
</message>
<message>
<source>The shapes differ, so there are no differences to draw.</source>
<translation>形状不同，因此没有可绘制的差值。</translation>
</message>
<message>
<source>Only one of the files has this tensor.</source>
<translation>只有一个文件包含此张量。</translation>
</message>
<message>
<source>The values of this pair were not compared yet.</source>
<translation>这一对的数值尚未比较。</translation>
</message>
<message>
<source>The values of this pair cannot be compared.</source>
<translation>这一对的数值无法比较。</translation>
</message>
<message>
<source>No element differs.</source>
<translation>没有不同的元素。</translation>
</message>
<message>
<source>B minus A. Point at a cell to read it. Wheel zooms, dragging moves, R shows all.</source>
<translation>B 减 A。指向单元格可读数。滚轮缩放，拖动平移，R 显示全部。</translation>
</message>
<message>
<source>{where}   mean of {size} here: {value}</source>
<translation>{where}   此处 {size} 个的平均值：{value}</translation>
</message>
</context>
<context>
<name>Doctor</name>
<message>
<source>Explain an error</source>
<translation>解释错误</translation>
</message>
<message>
<source>Paste what loading or saving said. Nothing is run; its text is enough.</source>
<translation>粘贴加载或保存时的报错。不会运行任何内容，只需要文本。</translation>
</message>
<message>
<source>There is no file to check</source>
<translation>没有可检查的文件</translation>
</message>
<message>
<source>Open a checkpoint first.</source>
<translation>请先打开一个检查点。</translation>
</message>
<message>
<source>Check against a model</source>
<translation>对照模型检查</translation>
</message>
<message>
<source>The model has the names and shapes of {path}</source>
<translation>模型的名称和形状取自 {path}</translation>
</message>
<message>
<source>Looking for what would help</source>
<translation>正在查找可行的办法</translation>
</message>
<message>
<source>With this {outcome}:</source>
<translation>执行后{outcome}：</translation>
</message>
<message>
<source>Missing in the file</source>
<translation>文件中缺少</translation>
</message>
<message>
<source>Unexpected in the file</source>
<translation>文件中多余</translation>
</message>
<message>
<source>Of another shape</source>
<translation>形状不同</translation>
</message>
<message>
<source>{file} in the file, {model} in the model</source>
<translation>文件中为 {file}，模型中为 {model}</translation>
</message>
<message>
<source> (its {name})</source>
<translation>（其 {name}）</translation>
</message>
<message>
<source>Nothing loads it as it is{where}, though all {n} keys fit.</source>
<translation>照现状无法加载{where}，尽管全部 {n} 个键匹配。</translation>
</message>
<message>
<source>It loads{where}: all {n} keys fit.</source>
<translation>可以加载{where}：{n} 个键全部匹配。</translation>
</message>
<message>
<source>It does not load{where}; {n} keys fit as they are.</source>
<translation>无法加载{where}；现有 {n} 个键匹配。</translation>
</message>
<message>
<source>It is a model with its adapters in it; one without takes them merged, which was tried.</source>
<translation>这是带有适配器的模型；合并后即可供不带适配器的模型加载，已验证可行。</translation>
</message>
<message>
<source>{name}: {what}</source>
<translation>{name}：{what}</translation>
</message>
<message>
<source>Merging {name} is refused: {why}</source>
<translation>合并 {name} 被拒绝：{why}</translation>
</message>
<message>
<source>Nothing says the alpha of {name}: Edit, Merge an Adapter with “:{name}=ALPHA”, as it was in training.</source>
<translation>没有任何地方说明 {name} 的 alpha：请用“编辑”菜单的“合并适配器”，填写“:{name}=ALPHA”，取训练时的值。</translation>
</message>
<message>
<source>{name} merged: all {n} keys load</source>
<translation>合并 {name}：全部 {n} 个键可加载</translation>
</message>
<message>
<source>{name} merged: {n} keys fit</source>
<translation>合并 {name}：{n} 个键相符</translation>
</message>
<message>
<source>Do not fit</source>
<translation>不匹配</translation>
</message>
<message>
<source>Nothing is known of</source>
<translation>没有相关信息</translation>
</message>
<message>
<source>Fit</source>
<translation>匹配</translation>
</message>
<message>
<source>rank {rank} · norm {norm} · effective rank {effective}</source>
<translation>秩 {rank} · 范数 {norm} · 有效秩 {effective}</translation>
</message>
<message>
<source>Whole, in place of the model&apos;s</source>
<translation>完整，替换模型中的对应部分</translation>
</message>
<message>
<source>Of another part of the model</source>
<translation>属于模型的其他部分</translation>
</message>
<message>
<source>This edit of the model puts it in; that was tried.</source>
<translation>对模型执行此修改即可将其并入；已验证可行。</translation>
</message>
<message>
<source>Save it under another name: File, Save As.</source>
<translation>请用其他名称保存：文件 › 另存为。</translation>
</message>
<message>
<source>Add this edit</source>
<translation>添加此修改</translation>
</message>
<message>
<source>Add these edits</source>
<translation>添加这些修改</translation>
</message>
<message>
<source>Open the model to merge it there.</source>
<translation>请打开模型后再合并。</translation>
</message>
<message>
<source>Choose the file that should load.</source>
<translation>选择要加载的文件。</translation>
</message>
<message>
<source>With these edits all {n} keys load, by their names; the error does not tell the shapes of {m}:</source>
<translation>执行这些修改后，按名称 {n} 个键全部可加载；错误没有给出其中 {m} 个的形状：</translation>
</message>
<message>
<source>With these edits all {n} keys load:</source>
<translation>执行这些修改后，{n} 个键全部可加载：</translation>
</message>
<message>
<source>With these edits {n} keys load with strict=False; {m} stay as the model made them:</source>
<translation>执行这些修改后，{n} 个键可用 strict=False 加载；{m} 个保持模型的初始值：</translation>
</message>
<message>
<source>As it stands, {n} keys load with strict=False; {m} stay as the model made them.</source>
<translation>现状下，{n} 个键可用 strict=False 加载；{m} 个保持模型的初始值。</translation>
</message>
<message>
<source>No edit is known that would make it fit.</source>
<translation>没有已知的修改能使其匹配。</translation>
</message>
<message>
<source>{name}: all {n} keys fit.</source>
<translation>{name}：{n} 个键全部匹配。</translation>
</message>
<message>
<source>{name} does not load; {n} keys fit.</source>
<translation>{name} 无法加载；{n} 个键匹配。</translation>
</message>
<message>
<source>The optimizer</source>
<translation>优化器</translation>
</message>
<message>
<source>{name} fits: {groups}.</source>
<translation>{name} 匹配：{groups}。</translation>
</message>
<message>
<source>{name} does not load: {groups} in the file, {others} in the reference.</source>
<translation>{name} 无法加载：文件中为 {groups}，参考中为 {others}。</translation>
</message>
<message>
<source>{name} loads, and fails in the first step: {n} of its tensors have another shape.</source>
<translation>{name} 可以加载，但第一步就会失败：其中 {n} 个张量的形状不同。</translation>
</message>
<message>
<source>and {n} more</source>
<translation>另有 {n} 项</translation>
</message>
<message>
<source>no file, only the text</source>
<translation>没有文件，仅有文本</translation>
</message>
<message>
<source>The file that should load</source>
<translation>要加载的文件</translation>
</message>
<message>
<source>The text of the error</source>
<translation>错误文本</translation>
</message>
<message>
<source>What it comes to</source>
<translation>结果</translation>
</message>
<message>
<source>What helps</source>
<translation>解决办法</translation>
</message>
<message>
<source>Suggested edits</source>
<translation>建议的修改</translation>
</message>
<message>
<source>Missing, unexpected and mismatched keys</source>
<translation>缺少、多余和不匹配的键</translation>
</message>
<message>
<source>Copy the command</source>
<translation>复制命令</translation>
</message>
<message>
<source>Close</source>
<translation>关闭</translation>
</message>
<message>
<source>File</source>
<translation>文件</translation>
</message>
</context>
<context>
<name>DragOut</name>
<message>
<source>{size} are too much to be dragged. Save them instead: Edit ▸ Extract or Keep, then Save As.</source>
<translation>{size} 太大，无法拖动。请改用保存：编辑 ▸ 提取或保留，然后另存为。</translation>
</message>
<message>
<source>selection</source>
<translation>所选</translation>
</message>
<message>
<source>Making {name}</source>
<translation>正在生成 {name}</translation>
</message>
</context>
<context>
<name>DropOverlay</name>
<message>
<source>Drop to open it</source>
<translation>拖放到此处打开</translation>
</message>
<message>
<source>Drop to open {n} files</source>
<translation>拖放到此处打开 {n} 个文件</translation>
</message>
<message>
<source>Drop to compare it with
{name}</source>
<translation>拖放到此处，与以下文件比较：
{name}</translation>
</message>
<message>
<source>Drop to compare them</source>
<translation>拖放到此处进行比较</translation>
</message>
<message>
<source>Drop to show them as one training run</source>
<translation>拖放到此处，作为一次训练运行显示</translation>
</message>
</context>
<context>
<name>EditCommands</name>
<message>
<source>Strip Prefix “{prefix}”</source>
<translation>去掉前缀“{prefix}”</translation>
</message>
<message>
<source>{edit} {n} Tensors</source>
<translation>{edit} {n} 个张量</translation>
</message>
<message>
<source>What is filtered away belongs to {group} too.</source>
<translation>被筛掉的内容也属于 {group}。</translation>
</message>
<message>
<source>{some} of {all} are shown.</source>
<translation>显示了 {all} 个中的 {some} 个。</translation>
</message>
<message>
<source>{edit}: the {n} shown</source>
<translation>{edit}：仅显示的 {n} 个</translation>
</message>
<message>
<source>{edit}: all {n}</source>
<translation>{edit}：全部 {n} 个</translation>
</message>
<message>
<source>Working out the edit</source>
<translation>正在计算修改</translation>
</message>
<message>
<source>No pattern means just what is found: {tensors}.</source>
<translation>没有哪个模式恰好只匹配找到的内容：{tensors}。</translation>
</message>
<message>
<source>Their names are those of a whole model or of an optimizer, or others in the file have them too. Filter for a part of them, or extract their state dict first.</source>
<translation>这些名称属于整个模型或优化器，或者文件中的其他条目也用了同样的名称。请只筛选其中一部分，或先提取它们的状态字典。</translation>
</message>
<message>
<source>Save</source>
<translation>保存</translation>
</message>
<message>
<source>These tensors cannot be saved alone.</source>
<translation>这些张量无法单独保存。</translation>
</message>
<message>
<source>Load a recipe</source>
<translation>载入配方</translation>
</message>
<message>
<source>Recipes ({patterns})</source>
<translation>配方 ({patterns})</translation>
</message>
<message>
<source>All files (*)</source>
<translation>所有文件 (*)</translation>
</message>
<message>
<source>Reading the recipe</source>
<translation>正在读取配方</translation>
</message>
<message>
<source>The recipe {name} cannot be used.</source>
<translation>配方 {name} 无法使用。</translation>
</message>
<message>
<source>Recipe</source>
<translation>配方</translation>
</message>
<message>
<source>Save the edits?</source>
<translation>保存修改吗？</translation>
</message>
<message>
<source>{name} has {edits} that are not saved.</source>
<translation>{name} 有 {edits}尚未保存。</translation>
</message>
<message>
<source>The file on disk is as it was. What you do not save is lost.</source>
<translation>磁盘上的文件没有变化。不保存的修改将丢失。</translation>
</message>
<message>
<source>{n} files have edits that are not saved.</source>
<translation>{n} 个文件有未保存的修改。</translation>
</message>
<message>
<source>The files on disk are as they were. What you do not save is lost.</source>
<translation>磁盘上的文件没有变化。不保存的修改将丢失。</translation>
</message>
</context>
<context>
<name>EditDialog</name>
<message>
<source>Cancel</source>
<translation>取消</translation>
</message>
<message>
<source>Add Edit</source>
<translation>添加修改</translation>
</message>
<message>
<source>Change Edit</source>
<translation>更改修改</translation>
</message>
<message>
<source>Preview</source>
<translation>预览</translation>
</message>
<message>
<source>Working out a preview</source>
<translation>正在生成预览</translation>
</message>
<message>
<source>the first {n} are shown</source>
<translation>显示前 {n} 项</translation>
</message>
<message>
<source>What is wrong</source>
<translation>存在的问题</translation>
</message>
<message>
<source>Note</source>
<translation>说明</translation>
</message>
</context>
<context>
<name>EditForms</name>
<message>
<source>Prefix</source>
<translation>前缀</translation>
</message>
<message>
<source>Regular expression</source>
<translation>正则表达式</translation>
</message>
<message>
<source>Replace by</source>
<translation>替换为</translation>
</message>
<message>
<source>“{place}” does not say which number changes</source>
<translation>“{place}”没有说明要改哪个数字</translation>
</message>
<message>
<source>Write one # for it, as in blocks.#, and * for each number before it.</source>
<translation>用一个 # 表示它，例如 blocks.#；它前面的每个数字用 * 表示。</translation>
</message>
<message>
<source>“{number}” is not what can be added to the numbers of layers</source>
<translation>“{number}”不能加到层号上</translation>
</message>
<message>
<source>Write a whole number with its sign, as in -1 or +1.</source>
<translation>请写一个带正负号的整数，例如 -1 或 +1。</translation>
</message>
<message>
<source>Layers</source>
<translation>层</translation>
</message>
<message>
<source>Add to the number</source>
<translation>编号加上</translation>
</message>
<message>
<source>Keys</source>
<translation>键</translation>
</message>
<message>
<source>Path</source>
<translation>路径</translation>
</message>
<message>
<source>Element type</source>
<translation>元素类型</translation>
</message>
<message>
<source>* is all floating tensors outside optimizers</source>
<translation>* 表示优化器以外的所有浮点张量</translation>
</message>
<message>
<source>Names</source>
<translation>名称</translation>
</message>
<message>
<source>* is all packed tensors</source>
<translation>* 表示所有打包的张量</translation>
</message>
<message>
<source>From</source>
<translation>从</translation>
</message>
<message>
<source>To</source>
<translation>到</translation>
</message>
<message>
<source>Tensor</source>
<translation>张量</translation>
</message>
<message>
<source>Also called</source>
<translation>另一个名称</translation>
</message>
<message>
<source>Dimension</source>
<translation>维度</translation>
</message>
<message>
<source>New size</source>
<translation>新大小</translation>
</message>
<message>
<source>New rows are</source>
<translation>新行为</translation>
</message>
<message>
<source>Parts</source>
<translation>各部分</translation>
</message>
<message>
<source>Tensors</source>
<translation>张量</translation>
</message>
<message>
<source>Shape</source>
<translation>形状</translation>
</message>
<message>
<source>Order</source>
<translation>顺序</translation>
</message>
<message>
<source>Heads</source>
<translation>头数</translation>
</message>
<message>
<source>Become</source>
<translation>变为</translation>
</message>
<message>
<source>Value</source>
<translation>值</translation>
</message>
<message>
<source>Take it out</source>
<translation>删除该项</translation>
</message>
<message>
<source>Name</source>
<translation>名称</translation>
</message>
<message>
<source>Text</source>
<translation>文本</translation>
</message>
<message>
<source>Checkpoint of the model</source>
<translation>模型的检查点</translation>
</message>
<message>
<source>Adapter</source>
<translation>适配器</translation>
</message>
<message>
<source>Checkpoint to take from</source>
<translation>取用的检查点</translation>
</message>
<message>
<source>* is all outside optimizers</source>
<translation>* 表示优化器以外的全部</translation>
</message>
</context>
<context>
<name>Editing</name>
<message>
<source>own values</source>
<translation>原有的值</translation>
</message>
<message>
<source>values of the other file</source>
<translation>另一文件的值</translation>
</message>
<message>
<source>shared bytes</source>
<translation>共享的字节</translation>
</message>
<message>
<source>bytes of its own</source>
<translation>独立的字节</translation>
</message>
<message>
<source>plain data, key by key</source>
<translation>逐键的普通数据</translation>
</message>
<message>
<source>Applying edits</source>
<translation>正在应用修改</translation>
</message>
<message>
<source>Counting what the conversion loses</source>
<translation>正在统计转换的损失</translation>
</message>
</context>
<context>
<name>Edits</name>
<message>
<source>Strip Prefix</source>
<translation>去掉前缀</translation>
</message>
<message>
<source>Takes a prefix from the front of names, by whole segments. A wrapper&apos;s name like _orig_mod. is also taken out of their middle.</source>
<translation>去掉名称开头的前缀，以完整的段为单位。_orig_mod. 这类包装器名称也会从中间去掉。</translation>
</message>
<message>
<source>Add Prefix</source>
<translation>添加前缀</translation>
</message>
<message>
<source>Puts a prefix before every name in the file&apos;s state dicts, for a model that is wrapped.</source>
<translation>在文件的状态字典中每个名称前加上前缀，用于被包装的模型。</translation>
</message>
<message>
<source>Rename</source>
<translation>重命名</translation>
</message>
<message>
<source>Replaces every match of a regular expression in a name. \1 is the first group of the pattern.</source>
<translation>替换名称中正则表达式的每处匹配。\1 表示第一个分组。</translation>
</message>
<message>
<source>Renumber Layers</source>
<translation>层重新编号</translation>
</message>
<message>
<source>Adds to the numbers of layers, all at once: # is the number, * one before it. For a network whose layers are counted from 1 here and from 0 there.</source>
<translation>一次性为所有层的编号加上一个数：# 是编号，* 代表它之前的编号。用于此处从 1 开始、彼处从 0 开始编号的网络。</translation>
</message>
<message>
<source>Drop</source>
<translation>移除</translation>
</message>
<message>
<source>Leaves out what fits, and the optimizer&apos;s state with it. A name means all that is under it; * fits anything.</source>
<translation>移除匹配的内容，以及其优化器状态。名称表示其下的全部；* 匹配任意内容。</translation>
</message>
<message>
<source>Drop What Is Broken</source>
<translation>移除损坏的部分</translation>
</message>
<message>
<source>Leaves out what is cut off, missing or corrupt, each by its name, so that the rest can be saved. All tensors that have checksums are read.</source>
<translation>按名称移除被截断、缺失或损坏的内容，使其余部分可以保存。会读取所有带校验和的张量。</translation>
</message>
<message>
<source>Keep Only</source>
<translation>仅保留</translation>
</message>
<message>
<source>Leaves out all the rest. A name means all that is under it; {a,b}.* keeps either.</source>
<translation>移除其余全部。名称表示其下的全部；{a,b}.* 保留其中任一。</translation>
</message>
<message>
<source>Extract</source>
<translation>提取</translation>
</message>
<message>
<source>What lies there becomes the whole file: the weights of a training checkpoint, or the state dict of a whole model.</source>
<translation>该处的内容成为整个文件：训练检查点中的权重，或完整模型的状态字典。</translation>
</message>
<message>
<source>Cast</source>
<translation>转换类型</translation>
</message>
<message>
<source>Another element type, rounded to nearest as torch does it.</source>
<translation>转换为另一种元素类型，与 torch 一样舍入到最近值。</translation>
</message>
<message>
<source>Dequantize</source>
<translation>反量化</translation>
</message>
<message>
<source>Packed weights as the numbers that they stand for: one tensor of a floating type instead of codes, scales and zero points.</source>
<translation>把打包的权重还原为其代表的数值：用一个浮点张量代替编码、缩放和零点。</translation>
</message>
<message>
<source>Remap Devices</source>
<translation>更换设备</translation>
</message>
<message>
<source>Other device tags, so that torch.load needs no map_location. Neither device has to be here.</source>
<translation>更换设备标签，使 torch.load 不需要 map_location。这里不需要有相应的设备。</translation>
</message>
<message>
<source>Unshare</source>
<translation>取消共享</translation>
</message>
<message>
<source>Gives tensors bytes of their own that share them with others, or use a small part of a storage.</source>
<translation>与其他张量共享字节、或只使用存储一小部分的张量，改为拥有独立的字节。</translation>
</message>
<message>
<source>Make Plain</source>
<translation>转为普通数据</translation>
</message>
<message>
<source>Values that torch.load refuses become plain data: a numpy number a number, an array a tensor, a Namespace or another object a dict, a path or a date a text.</source>
<translation>把 torch.load 拒绝的值变为普通数据：numpy 数变为数字，数组变为张量，Namespace 等对象变为字典，路径或日期变为文本。</translation>
</message>
<message>
<source>Copy to Another Name</source>
<translation>复制为另一名称</translation>
</message>
<message>
<source>One more name for a tensor, or for all in a group. Both view the same bytes, as a model that ties them expects.</source>
<translation>为一个张量或一组张量增加一个名称。两者指向相同的字节，符合模型权重绑定的要求。</translation>
</message>
<message>
<source>Resize</source>
<translation>调整大小</translation>
</message>
<message>
<source>Cuts rows off, or adds some: for another vocabulary or number of classes. Tied tensors and what the optimizer keeps for them change along.</source>
<translation>裁掉或增加若干行：用于其他词表或类别数。绑定的张量以及优化器为其保存的内容随之改变。</translation>
</message>
<message>
<source>Transpose</source>
<translation>转置</translation>
</message>
<message>
<source>The last two dimensions change places, in the optimizer&apos;s state too.</source>
<translation>最后两个维度互换，优化器状态中也是如此。</translation>
</message>
<message>
<source>Reshape</source>
<translation>改变形状</translation>
</message>
<message>
<source>Other dimensions for the same elements in the same order: -1 stands for what is left.</source>
<translation>相同元素、相同顺序，换用其他维度：-1 表示剩余部分。</translation>
</message>
<message>
<source>Reorder Heads</source>
<translation>重排注意力头</translation>
</message>
<message>
<source>Rows of each attention head in another order: LLaMA&apos;s own release rotates rows that alternate (pairs), transformers the two halves of a head.</source>
<translation>每个注意力头的行换一种顺序：LLaMA 的原始发布旋转交替的行（pairs），transformers 旋转一个头的两半（halves）。</translation>
</message>
<message>
<source>Split</source>
<translation>拆分</translation>
</message>
<message>
<source>One tensor as several, one after the other along a dimension, like a fused qkv as q, k and v. NAME:64 says how long a part is; * stands for anything.</source>
<translation>把一个张量沿某一维度依次拆成几个，例如把融合的 qkv 拆成 q、k 和 v。NAME:64 表示一部分的长度；* 代表任意内容。</translation>
</message>
<message>
<source>Concatenate</source>
<translation>拼接</translation>
</message>
<message>
<source>Several tensors as one, one after the other along a dimension, like q, k and v as a fused qkv; * stands for anything.</source>
<translation>把几个张量沿某一维度依次拼成一个，例如把 q、k 和 v 拼成融合的 qkv；* 代表任意内容。</translation>
</message>
<message>
<source>Optimizer for Another Model</source>
<translation>用于另一模型的优化器</translation>
</message>
<message>
<source>The optimizer&apos;s state in the order and with the parameters of another checkpoint, for a changed model: what is there in the same shape keeps its state, what is new begins without.</source>
<translation>优化器的状态按另一检查点的顺序和参数重排，用于改动过的模型：形状相同的参数保留状态，新的参数从无状态开始。</translation>
</message>
<message>
<source>Set Value</source>
<translation>设置值</translation>
</message>
<message>
<source>Another plain value: a number, a text, true, false, null, {} or [].</source>
<translation>另一个普通值：数字、文本、true、false、null、{} 或 []。</translation>
</message>
<message>
<source>Set Metadata</source>
<translation>设置元数据</translation>
</message>
<message>
<source>A text in the metadata of safetensors files (__metadata__).</source>
<translation>safetensors 文件元数据 (__metadata__) 中的文本。</translation>
</message>
<message>
<source>Match Another Checkpoint</source>
<translation>匹配另一检查点</translation>
</message>
<message>
<source>Leaves out what the other checkpoint has not, or has in another shape, so that it loads.</source>
<translation>移除另一检查点没有的、或形状不同的内容，使其可以加载。</translation>
</message>
<message>
<source>Take From Another Checkpoint</source>
<translation>取自另一检查点</translation>
</message>
<message>
<source>Tensors get the values, shape and element type that the other checkpoint has under the same name.</source>
<translation>张量采用另一检查点中同名张量的数值、形状和元素类型。</translation>
</message>
<message>
<source>Merge an Adapter</source>
<translation>合并适配器</translation>
</message>
<message>
<source>Adds what a LoRA or DoRA adapter adds to the weights that it was trained for, as PEFT merges it.</source>
<translation>把 LoRA 或 DoRA 适配器的增量加到对应的权重上，与 PEFT 的合并一致。</translation>
</message>
<message>
<source>Strip prefix “{prefix}”</source>
<translation>去掉前缀“{prefix}”</translation>
</message>
<message>
<source>Add prefix “{prefix}”</source>
<translation>添加前缀“{prefix}”</translation>
</message>
<message>
<source>Rename {pattern} → {replacement}</source>
<translation>重命名 {pattern} → {replacement}</translation>
</message>
<message>
<source>Renumber {what} by {n}</source>
<translation>{what} 重新编号 {n}</translation>
</message>
<message>
<source>Drop {what}</source>
<translation>移除 {what}</translation>
</message>
<message>
<source>Drop what is broken</source>
<translation>移除损坏的部分</translation>
</message>
<message>
<source>Keep only {what}</source>
<translation>仅保留 {what}</translation>
</message>
<message>
<source>Extract the state dict</source>
<translation>提取状态字典</translation>
</message>
<message>
<source>Extract {what}</source>
<translation>提取 {what}</translation>
</message>
<message>
<source>Cast to {dtype}</source>
<translation>转换为 {dtype}</translation>
</message>
<message>
<source>Cast {what} to {dtype}</source>
<translation>把 {what} 转换为 {dtype}</translation>
</message>
<message>
<source>Devices {mapping}</source>
<translation>设备 {mapping}</translation>
</message>
<message>
<source>Unshare {what}</source>
<translation>取消共享 {what}</translation>
</message>
<message>
<source>Dequantize to {dtype}</source>
<translation>反量化为 {dtype}</translation>
</message>
<message>
<source>Dequantize {what} to {dtype}</source>
<translation>把 {what} 反量化为 {dtype}</translation>
</message>
<message>
<source>Copy {source} to {target}</source>
<translation>把 {source} 复制为 {target}</translation>
</message>
<message>
<source>Make all values plain</source>
<translation>把所有值转为普通数据</translation>
</message>
<message>
<source>Make {what} plain</source>
<translation>把 {what} 转为普通数据</translation>
</message>
<message>
<source>Take out the value {path}</source>
<translation>删除值 {path}</translation>
</message>
<message>
<source>Set {path} = {value}</source>
<translation>设置 {path} = {value}</translation>
</message>
<message>
<source>Take out the metadata {name}</source>
<translation>删除元数据 {name}</translation>
</message>
<message>
<source>Metadata {name} = {text}</source>
<translation>元数据 {name} = {text}</translation>
</message>
<message>
<source>Match {file}</source>
<translation>匹配 {file}</translation>
</message>
<message>
<source>Match given names and shapes</source>
<translation>匹配给定的名称和形状</translation>
</message>
<message>
<source>Resize {what} to {n} along {dim}</source>
<translation>沿维度 {dim} 将 {what} 调整为 {n}</translation>
</message>
<message>
<source>Transpose {what}</source>
<translation>转置 {what}</translation>
</message>
<message>
<source>Reshape {what} to {shape}</source>
<translation>将 {what} 的形状改为 {shape}</translation>
</message>
<message>
<source>Rows of {what} in rotary halves</source>
<translation>{what} 的行按旋转位置的两半排列</translation>
</message>
<message>
<source>Rows of {what} in rotary pairs</source>
<translation>{what} 的行按旋转位置的成对排列</translation>
</message>
<message>
<source>Split {what} into {parts}</source>
<translation>将 {what} 拆分为 {parts}</translation>
</message>
<message>
<source>Concatenate {parts} to {what}</source>
<translation>将 {parts} 拼接为 {what}</translation>
</message>
<message>
<source>Optimizer for {file}</source>
<translation>用于 {file} 的优化器</translation>
</message>
<message>
<source>Merge the adapter {file}</source>
<translation>合并适配器 {file}</translation>
</message>
<message>
<source>Take {n} tensors from {file}</source>
<translation>从 {file} 取用 {n} 个张量</translation>
</message>
<message>
<source>Take {what} from {file}</source>
<translation>从 {file} 取用 {what}</translation>
</message>
<message>
<source>Take all from {file}</source>
<translation>从 {file} 取用全部</translation>
</message>
<message>
<source>{n} renamed</source>
<translation>重命名 {n} 个</translation>
</message>
<message>
<source>{n} dropped</source>
<translation>移除 {n} 个</translation>
</message>
<message>
<source>{n} changed</source>
<translation>更改 {n} 个</translation>
</message>
<message>
<source>No key changes</source>
<translation>没有键变化</translation>
</message>
<message>
<source>1 edit</source>
<translation>1 项修改</translation>
</message>
<message>
<source>{n} edits</source>
<translation>{n} 项修改</translation>
</message>
<message>
<source>{first} and {n} more</source>
<translation>{first} 及另外 {n} 项</translation>
</message>
</context>
<context>
<name>EditsPanel</name>
<message>
<source>No pending edits</source>
<translation>没有待保存的修改</translation>
</message>
<message>
<source>Edits wait here until you save; the file on disk stays as it is. Right-click a key in the tree, use the Edit menu, or click a fix beside a finding in the Overview.</source>
<translation>修改会在此等待，直到您保存；磁盘上的文件保持不变。可在树中右键点击键、使用“编辑”菜单，或点击“概览”中检查结果旁的修复按钮。</translation>
</message>
<message>
<source>Redo</source>
<translation>重做</translation>
</message>
<message>
<source>Load Recipe…</source>
<translation>载入配方…</translation>
</message>
<message>
<source>Recipe</source>
<translation>配方</translation>
</message>
<message>
<source>Recipe: copy, save, load</source>
<translation>配方：复制、保存、载入</translation>
</message>
<message>
<source>Save…</source>
<translation>保存…</translation>
</message>
<message>
<source>Save the edited file</source>
<translation>保存修改后的文件</translation>
</message>
<message>
<source>Clear</source>
<translation>清空</translation>
</message>
<message>
<source>Remove all edits</source>
<translation>移除所有修改</translation>
</message>
<message>
<source>Undo</source>
<translation>撤销</translation>
</message>
<message>
<source>Move up</source>
<translation>上移</translation>
</message>
<message>
<source>Move down</source>
<translation>下移</translation>
</message>
<message>
<source>Change…</source>
<translation>更改…</translation>
</message>
<message>
<source>Remove</source>
<translation>移除</translation>
</message>
<message>
<source>Copy as Command</source>
<translation>复制为命令</translation>
</message>
<message>
<source>Copy as Python</source>
<translation>复制为 Python</translation>
</message>
<message>
<source>Copy as Recipe</source>
<translation>复制为配方</translation>
</message>
<message>
<source>Save Recipe…</source>
<translation>保存配方…</translation>
</message>
<message>
<source>Apply to All Open Files…</source>
<translation>应用到所有打开的文件…</translation>
</message>
<message>
<source>waits for the edit before it</source>
<translation>等待前一项修改</translation>
</message>
<message>
<source>being applied …</source>
<translation>正在应用…</translation>
</message>
<message>
<source>Change this edit, or remove it. Those behind it wait.</source>
<translation>请更改或移除此项修改。其后的修改在等待。</translation>
</message>
<message>
<source>Save the recipe</source>
<translation>保存配方</translation>
</message>
<message>
<source>Recipes ({patterns})</source>
<translation>配方 ({patterns})</translation>
</message>
<message>
<source>Saving the recipe</source>
<translation>正在保存配方</translation>
</message>
</context>
<context>
<name>Exporting</name>
<message>
<source>Saved {path}</source>
<translation>已保存 {path}</translation>
</message>
<message>
<source>{path} was not saved: {why}</source>
<translation>{path} 未能保存：{why}</translation>
</message>
<message>
<source>Choose another folder.</source>
<translation>请选择另一个文件夹。</translation>
</message>
</context>
<context>
<name>FactBoxes</name>
<message>
<source>{file} file, {reachable} reachable</source>
<translation>文件 {file}，可达 {reachable}</translation>
</message>
<message>
<source>Why?</source>
<translation>为什么？</translation>
</message>
<message>
<source>Show the finding about unreachable bytes</source>
<translation>显示关于不可达字节的检查结果</translation>
</message>
<message>
<source>Reachable</source>
<translation>可达</translation>
</message>
<message>
<source>stored, and viewed by some tensor</source>
<translation>已保存，且有张量使用</translation>
</message>
<message>
<source>Unreachable</source>
<translation>不可达</translation>
</message>
<message>
<source>stored, but no tensor views it</source>
<translation>已保存，但没有张量使用</translation>
</message>
<message>
<source>Dropped</source>
<translation>已移除</translation>
</message>
<message>
<source>gone once it is saved</source>
<translation>保存后不再存在</translation>
</message>
<message>
<source>Everything else</source>
<translation>其他</translation>
</message>
<message>
<source>names, values, padding</source>
<translation>名称、值、填充</translation>
</message>
<message>
<source>All tensors by themselves</source>
<translation>所有张量各自计算</translation>
</message>
<message>
<source>what they take when nothing is shared</source>
<translation>不共享时占用的大小</translation>
</message>
<message>
<source>{n} parts</source>
<translation>{n} 个部分</translation>
</message>
<message>
<source>1 part</source>
<translation>1 个部分</translation>
</message>
<message>
<source>Related tensors</source>
<translation>相关张量</translation>
</message>
<message>
<source>{n} more in Details</source>
<translation>“详情”中另有 {n} 个</translation>
</message>
</context>
<context>
<name>FileCommands</name>
<message>
<source>Open address</source>
<translation>打开地址</translation>
</message>
<message>
<source>Open a checkpoint where it lies</source>
<translation>就地打开检查点</translation>
</message>
<message>
<source>Only what describes the tensors is fetched, and values when you look at them. A password or token in the address is shown nowhere and not remembered.</source>
<translation>只获取描述张量的内容，查看时才获取数值。地址中的密码或令牌不会显示，也不会被记住。</translation>
</message>
<message>
<source>Address</source>
<translation>地址</translation>
</message>
<message>
<source>Open</source>
<translation>打开</translation>
</message>
<message>
<source>Making the demo files</source>
<translation>正在生成示例文件</translation>
</message>
<message>
<source>Open a folder</source>
<translation>打开文件夹</translation>
</message>
<message>
<source>Open checkpoints</source>
<translation>打开检查点</translation>
</message>
<message>
<source>Checkpoints ({patterns})</source>
<translation>检查点 ({patterns})</translation>
</message>
<message>
<source>All files (*)</source>
<translation>所有文件 (*)</translation>
</message>
<message>
<source>Open many files?</source>
<translation>打开很多文件吗？</translation>
</message>
<message>
<source>These are {n} files.</source>
<translation>共有 {n} 个文件。</translation>
</message>
<message>
<source>Opening reads only what describes the tensors, but a long list may be hard to find your way in.</source>
<translation>打开只读取描述张量的内容，但列表过长可能不便查找。</translation>
</message>
<message>
<source>Open {n} files</source>
<translation>打开 {n} 个文件</translation>
</message>
<message>
<source>Demo files</source>
<translation>示例文件</translation>
</message>
<message>
<source>The demo files could not be written.</source>
<translation>无法写入示例文件。</translation>
</message>
</context>
<context>
<name>FilterBar</name>
<message>
<source>{n} shown of {all}</source>
<translation>显示 {n} / {all}</translation>
</message>
<message>
<source>{n} found of {all}</source>
<translation>找到 {n} / {all}</translation>
</message>
<message>
<source>No key matches “{text}”.</source>
<translation>没有键匹配“{text}”。</translation>
</message>
<message>
<source>{size}; in {file}: {tensors}</source>
<translation>{size}；位于 {file}：{tensors}</translation>
</message>
<message>
<source>Measure</source>
<translation>测量</translation>
</message>
<message>
<source>Rename…</source>
<translation>重命名…</translation>
</message>
<message>
<source>Drop {n}</source>
<translation>移除 {n}</translation>
</message>
<message>
<source>Copy</source>
<translation>复制</translation>
</message>
<message>
<source>Save these {n}…</source>
<translation>保存这 {n} 个…</translation>
</message>
<message>
<source>Statistics of {tensors}</source>
<translation>{tensors}的统计</translation>
</message>
<message>
<source>Rename {tensors}</source>
<translation>重命名 {tensors}</translation>
</message>
<message>
<source>Drop {tensors}</source>
<translation>移除 {tensors}</translation>
</message>
<message>
<source>Copy the keys of {tensors}</source>
<translation>复制 {tensors}的键</translation>
</message>
<message>
<source>Save {tensors} as a file</source>
<translation>把 {tensors}保存为文件</translation>
</message>
<message>
<source>{text}?</source>
<translation>{text}？</translation>
</message>
<message>
<source>Did you mean {text}?</source>
<translation>是否想找 {text}？</translation>
</message>
<message>
<source>Save {n}…</source>
<translation>保存 {n} 个…</translation>
</message>
<message>
<source>Clear</source>
<translation>清除</translation>
</message>
<message>
<source>Clear the filter</source>
<translation>清除筛选</translation>
</message>
</context>
<context>
<name>FindBar</name>
<message>
<source>Find in this text</source>
<translation>在此文本中查找</translation>
</message>
<message>
<source>Previous (Shift+Enter)</source>
<translation>上一个 (Shift+Enter)</translation>
</message>
<message>
<source>Next (Enter)</source>
<translation>下一个 (Enter)</translation>
</message>
<message>
<source>Close (Esc)</source>
<translation>关闭 (Esc)</translation>
</message>
<message>
<source>not found</source>
<translation>未找到</translation>
</message>
<message>
<source>{n} of {count}</source>
<translation>{n} / {count}</translation>
</message>
</context>
<context>
<name>FindingBox</name>
<message>
<source>Danger</source>
<translation>危险</translation>
</message>
<message>
<source>Warning</source>
<translation>警告</translation>
</message>
<message>
<source>Note</source>
<translation>说明</translation>
</message>
<message>
<source>Where</source>
<translation>位置</translation>
</message>
<message>
<source>What to do</source>
<translation>解决办法</translation>
</message>
<message>
<source>Copy</source>
<translation>复制</translation>
</message>
<message>
<source>Adds an edit that waits until you save. It can be undone.</source>
<translation>添加一项修改，保存前不会写入，可以撤销。</translation>
</message>
</context>
<context>
<name>FindingGroups</name>
<message>
<source>the whole file</source>
<translation>整个文件</translation>
</message>
</context>
<context>
<name>Fold</name>
<message>
<source>shown</source>
<translation>已展开</translation>
</message>
<message>
<source>hidden</source>
<translation>已折叠</translation>
</message>
</context>
<context>
<name>Form</name>
<message>
<source>Browse…</source>
<translation>浏览…</translation>
</message>
<message>
<source>Choose a file</source>
<translation>选择文件</translation>
</message>
<message>
<source>Choose a checkpoint</source>
<translation>选择检查点</translation>
</message>
</context>
<context>
<name>Formats</name>
<message>
<source>PyTorch zip (torch 1.6 and later)</source>
<translation>PyTorch zip（torch 1.6 及以后）</translation>
</message>
<message>
<source>PyTorch legacy (torch 0.1.10 to 1.5)</source>
<translation>PyTorch legacy（torch 0.1.10 至 1.5）</translation>
</message>
<message>
<source>PyTorch tar (torch before 0.1.10)</source>
<translation>PyTorch tar（torch 0.1.10 以前）</translation>
</message>
</context>
<context>
<name>GroupBox</name>
<message>
<source>Danger</source>
<translation>危险</translation>
</message>
<message>
<source>Warning</source>
<translation>警告</translation>
</message>
<message>
<source>Note</source>
<translation>说明</translation>
</message>
<message>
<source>What to do</source>
<translation>解决办法</translation>
</message>
<message>
<source>Finding</source>
<translation>发现</translation>
</message>
<message>
<source>{n} more</source>
<translation>另有 {n} 项</translation>
</message>
<message>
<source>Places</source>
<translation>位置</translation>
</message>
<message>
<source>Less</source>
<translation>收起</translation>
</message>
<message>
<source>{n} more · where</source>
<translation>另有 {n} 项 · 位置</translation>
</message>
<message>
<source>more</source>
<translation>更多</translation>
</message>
<message>
<source>Show all of the finding</source>
<translation>显示此项发现的全部内容</translation>
</message>
<message>
<source>Copy</source>
<translation>复制</translation>
</message>
</context>
<context>
<name>HeatmapPanel</name>
<message>
<source>Element under the cursor</source>
<translation>光标处的元素</translation>
</message>
<message>
<source>Heatmap</source>
<translation>热图</translation>
</message>
<message>
<source>No elements: the shape is {shape}.</source>
<translation>没有元素：形状为 {shape}。</translation>
</message>
<message>
<source>Heatmap of {name}</source>
<translation>{name} 的热图</translation>
</message>
<message>
<source>More than {n} rows are not compared with each other.</source>
<translation>超过 {n} 行时不逐行相互比较。</translation>
</message>
<message>
<source>Kernels of {name}</source>
<translation>{name} 的卷积核</translation>
</message>
<message>
<source>{n} kernels of {size}, {m} inputs</source>
<translation>{n} 个 {size} 卷积核，{m} 个输入</translation>
</message>
<message>
<source>{n} kernels of {size}, 1 input</source>
<translation>{n} 个 {size} 卷积核，1 个输入</translation>
</message>
<message>
<source>transposed: dim 0 counts the inputs</source>
<translation>转置卷积：维度 0 是输入</translation>
</message>
<message>
<source>Norms of {name}</source>
<translation>{name} 的范数</translation>
</message>
<message>
<source>{share} zeros</source>
<translation>{share} 为零</translation>
</message>
<message>
<source>The share of all elements that is zero</source>
<translation>所有元素中为零的比例</translation>
</message>
<message>
<source>{n} of {all} rows all zero</source>
<translation>{all} 行中有 {n} 行全为零</translation>
</message>
<message>
<source>Outputs that nothing reaches: they are marked at the right</source>
<translation>没有任何输入到达的输出：在右侧标出</translation>
</message>
<message>
<source>{n} of {all} columns all zero</source>
<translation>{all} 列中有 {n} 列全为零</translation>
</message>
<message>
<source>Inputs that are not used: they are marked above</source>
<translation>未被使用的输入：在上方标出</translation>
</message>
<message>
<source>Point at a cell, or use the arrow keys. Wheel zooms, R shows all.</source>
<translation>指向单元格，或使用方向键。滚轮缩放，R 显示全部。</translation>
</message>
<message>
<source>mean of row {row}: {down}, of column {column}: {across}</source>
<translation>第 {row} 行的均值：{down}，第 {column} 列：{across}</translation>
</message>
<message>
<source>zeros in row {row}: {down}, in column {column}: {across}</source>
<translation>第 {row} 行中的零：{down}，第 {column} 列：{across}</translation>
</message>
<message>
<source>norm of row {row}: {down}, of column {column}: {across}</source>
<translation>第 {row} 行范数：{down}，第 {column} 列范数：{across}</translation>
</message>
<message>
<source>largest magnitude of {size} here: {value}</source>
<translation>此处 {size} 个中的最大绝对值：{value}</translation>
</message>
<message>
<source>one of {size} here: {value}</source>
<translation>此处 {size} 个中的一个：{value}</translation>
</message>
<message>
<source>mean of {size} here: {value}</source>
<translation>此处 {size} 个的平均值：{value}</translation>
</message>
<message>
<source>complex numbers are shown by their magnitude</source>
<translation>复数按其模显示</translation>
</message>
<message>
<source>quantized values are shown as the integers that are stored</source>
<translation>量化的值按保存的整数显示</translation>
</message>
<message>
<source>each dot is the mean of {size}, exact when you zoom in</source>
<translation>每个点是 {size} 的均值，放大后为精确值</translation>
</message>
<message>
<source>each dot is the largest of {size}, exact when you zoom in</source>
<translation>每个点是 {size} 中绝对值最大的，放大后为精确值</translation>
</message>
<message>
<source>each dot is one of {size}, exact when you zoom in</source>
<translation>每个点是 {size} 中的一个，放大后为精确值</translation>
</message>
<message>
<source>made from {share} of the elements</source>
<translation>由 {share} 的元素得出</translation>
</message>
<message>
<source>every element drawn</source>
<translation>每个元素都已绘出</translation>
</message>
<message>
<source>rows by norm</source>
<translation>行按范数排列</translation>
</message>
<message>
<source>alike rows side by side</source>
<translation>相似的行排在一起</translation>
</message>
<message>
<source>{n} cells with NaN or infinities</source>
<translation>{n} 个单元格含 NaN 或无穷大</translation>
</message>
<message>
<source>{n} blocks with NaN or infinities</source>
<translation>{n} 个块含 NaN 或无穷大</translation>
</message>
<message>
<source>Colours</source>
<translation>颜色</translation>
</message>
<message>
<source>Blue–red</source>
<translation>蓝–红</translation>
</message>
<message>
<source>Purple–orange</source>
<translation>紫–橙</translation>
</message>
<message>
<source>Viridis</source>
<translation>Viridis</translation>
</message>
<message>
<source>Cividis</source>
<translation>Cividis</translation>
</message>
<message>
<source>Grey</source>
<translation>灰度</translation>
</message>
<message>
<source>Range of the colours</source>
<translation>颜色范围</translation>
</message>
<message>
<source>Around zero</source>
<translation>以零为中心</translation>
</message>
<message>
<source>Least to greatest</source>
<translation>最小到最大</translation>
</message>
<message>
<source>Share of the values within the colours</source>
<translation>颜色涵盖的值的比例</translation>
</message>
<message>
<source>All values</source>
<translation>所有值</translation>
</message>
<message>
<source>What a block shows</source>
<translation>每块显示</translation>
</message>
<message>
<source>Mean</source>
<translation>平均值</translation>
</message>
<message>
<source>Largest magnitude</source>
<translation>最大绝对值</translation>
</message>
<message>
<source>One element</source>
<translation>单个元素</translation>
</message>
<message>
<source>Beside it</source>
<translation>旁边显示</translation>
</message>
<message>
<source>Norm</source>
<translation>范数</translation>
</message>
<message>
<source>Zeros</source>
<translation>零</translation>
</message>
<message>
<source>None</source>
<translation>无</translation>
</message>
<message>
<source>Of each row and each column. Drag along it to look at a part.</source>
<translation>每一行与每一列的。沿着它拖动可查看其中一段。</translation>
</message>
<message>
<source>Order</source>
<translation>顺序</translation>
</message>
<message>
<source>As stored</source>
<translation>按存储</translation>
</message>
<message>
<source>By norm</source>
<translation>按范数</translation>
</message>
<message>
<source>Alike</source>
<translation>相似</translation>
</message>
<message>
<source>Of the rows. Alike: after each the one whose elements point most where its own do.</source>
<translation>行的顺序。相似：每一行之后是元素方向与它最接近的行。</translation>
</message>
<message>
<source>Copied {n} rows and {m} columns.</source>
<translation>已复制 {n} 行 {m} 列。</translation>
</message>
<message>
<source>Copying values</source>
<translation>正在复制数值</translation>
</message>
<message>
<source>Save picture</source>
<translation>保存图片</translation>
</message>
<message>
<source>PNG pictures (*.png)</source>
<translation>PNG 图片 (*.png)</translation>
</message>
<message>
<source>Save drawing</source>
<translation>保存图形</translation>
</message>
<message>
<source>SVG drawings (*.svg)</source>
<translation>SVG 图形 (*.svg)</translation>
</message>
<message>
<source>Blocks</source>
<translation>块</translation>
</message>
<message>
<source>Show all	R</source>
<translation>显示全部	R</translation>
</message>
<message>
<source>Zoom in	+</source>
<translation>放大	+</translation>
</message>
<message>
<source>Zoom out	-</source>
<translation>缩小	-</translation>
</message>
<message>
<source>Copy data in view</source>
<translation>复制可见数据</translation>
</message>
<message>
<source>Copy picture</source>
<translation>复制图片</translation>
</message>
<message>
<source>Save picture as PNG…</source>
<translation>保存为 PNG 图片…</translation>
</message>
<message>
<source>Save drawing as SVG…</source>
<translation>把图形保存为 SVG…</translation>
</message>
<message>
<source>Picture</source>
<translation>图片</translation>
</message>
<message>
<source>Save, copy or zoom the picture</source>
<translation>保存、复制或缩放图片</translation>
</message>
<message>
<source>Draw it</source>
<translation>绘制</translation>
</message>
</context>
<context>
<name>HeatmapView</name>
<message>
<source>Heatmap</source>
<translation>热图</translation>
</message>
<message>
<source>NaN, ±∞</source>
<translation>NaN、±∞</translation>
</message>
</context>
<context>
<name>HistogramControls</name>
<message>
<source>Count</source>
<translation>计数</translation>
</message>
<message>
<source>x</source>
<translation>横轴</translation>
</message>
<message>
<source>Linear</source>
<translation>线性</translation>
</message>
<message>
<source>Log</source>
<translation>对数</translation>
</message>
<message>
<source>y</source>
<translation>纵轴</translation>
</message>
<message>
<source>Density</source>
<translation>密度</translation>
</message>
<message>
<source>Log count</source>
<translation>对数计数</translation>
</message>
<message>
<source>All values</source>
<translation>所有值</translation>
</message>
<message>
<source>1 % to 99 %</source>
<translation>1 % 至 99 %</translation>
</message>
<message>
<source>From … to …</source>
<translation>从…到…</translation>
</message>
<message>
<source>Range and bins</source>
<translation>范围与区间</translation>
</message>
<message>
<source>Show</source>
<translation>显示</translation>
</message>
<message>
<source>Together</source>
<translation>合并</translation>
</message>
<message>
<source>Each tensor</source>
<translation>逐个张量</translation>
</message>
<message>
<source>From</source>
<translation>从</translation>
</message>
<message>
<source>To</source>
<translation>到</translation>
</message>
<message>
<source>Number of bins</source>
<translation>区间数</translation>
</message>
<message>
<source>Sizes of values by their logarithm, on both sides of zero</source>
<translation>数值大小取对数，零的两侧对称</translation>
</message>
<message>
<source>{n} bins</source>
<translation>{n} 个区间</translation>
</message>
<message>
<source>{tensors} one by one in Layers</source>
<translation>在“逐层”中逐个查看 {tensors}</translation>
</message>
<message>
<source>&amp;Range</source>
<translation>范围(&amp;R)</translation>
</message>
<message>
<source>B&amp;ins</source>
<translation>区间(&amp;I)</translation>
</message>
</context>
<context>
<name>HistogramPlot</name>
<message>
<source>Values under the cursor</source>
<translation>光标处的值</translation>
</message>
<message>
<source>Histogram</source>
<translation>直方图</translation>
</message>
<message>
<source>There is nothing to draw.</source>
<translation>没有可绘制的内容。</translation>
</message>
<message>
<source>Point at a bar, or use ← and →, to read it. Dragging looks closer, R shows all.</source>
<translation>指向柱，或使用 ← 和 → 读数。拖动可放大，R 显示全部。</translation>
</message>
<message>
<source>Save picture</source>
<translation>保存图片</translation>
</message>
<message>
<source>PNG pictures (*.png)</source>
<translation>PNG 图片 (*.png)</translation>
</message>
<message>
<source>Value</source>
<translation>值</translation>
</message>
<message>
<source>Save drawing</source>
<translation>保存图形</translation>
</message>
<message>
<source>SVG drawings (*.svg)</source>
<translation>SVG 图形 (*.svg)</translation>
</message>
<message>
<source>Save table</source>
<translation>保存表格</translation>
</message>
<message>
<source>CSV tables (*.csv)</source>
<translation>CSV 表格 (*.csv)</translation>
</message>
<message>
<source>Plot</source>
<translation>图表</translation>
</message>
<message>
<source>Save, copy or reset the plot</source>
<translation>保存、复制或重置图表</translation>
</message>
<message>
<source>Reset view	R</source>
<translation>重置视图	R</translation>
</message>
<message>
<source>Copy data</source>
<translation>复制数据</translation>
</message>
<message>
<source>Copy picture</source>
<translation>复制图片</translation>
</message>
<message>
<source>Save data as CSV…</source>
<translation>把数据保存为 CSV…</translation>
</message>
<message>
<source>Save picture as PNG…</source>
<translation>保存为 PNG 图片…</translation>
</message>
<message>
<source>Save drawing as SVG…</source>
<translation>把图形保存为 SVG…</translation>
</message>
<message>
<source>{first} to {last}</source>
<translation>{first} 到 {last}</translation>
</message>
<message>
<source>Stored integer, and below it the value it stands for</source>
<translation>存储的整数，其下为所代表的值</translation>
</message>
<message>
<source>Density</source>
<translation>密度</translation>
</message>
<message>
<source>Count (log scale)</source>
<translation>计数（对数刻度）</translation>
</message>
<message>
<source>Count</source>
<translation>计数</translation>
</message>
<message>
<source>{name} {count}</source>
<translation>{name} {count}</translation>
</message>
<message>
<source>{bin}: {count}</source>
<translation>{bin}：{count}</translation>
</message>
<message>
<source>{count} ({percent})</source>
<translation>{count} ({percent})</translation>
</message>
<message>
<source>{count} of {total} ({percent})</source>
<translation>{count} / {total} ({percent})</translation>
</message>
<message>
<source>{name}: no values.</source>
<translation>{name}：没有值。</translation>
</message>
<message>
<source>{name}: {total} values from {low} to {high} in {bins} bins. The fullest bin is {fullest}, with {share}. The middle half lies between {quarter} and {three}.</source>
<translation>{name}：{total} 个值，从 {low} 到 {high}，分 {bins} 个区间。最满的区间是 {fullest}，占 {share}。中间一半在 {quarter} 与 {three} 之间。</translation>
</message>
</context>
<context>
<name>KernelPage</name>
<message>
<source>Norm of each output</source>
<translation>各输出的范数</translation>
</message>
<message>
<source>Norm of each input</source>
<translation>各输入的范数</translation>
</message>
<message>
<source>{first} to {last} of {all}</source>
<translation>{first} 至 {last}，共 {all}</translation>
</message>
<message>
<source>{n} outputs are all zero</source>
<translation>{n} 个输出全为零</translation>
</message>
<message>
<source>{n} inputs are not used</source>
<translation>{n} 个输入未使用</translation>
</message>
<message>
<source>none is all zero</source>
<translation>没有全为零的</translation>
</message>
<message>
<source>Click a kernel to read it</source>
<translation>单击卷积核以读取</translation>
</message>
<message>
<source>Kernel {n}: norm {value}, {place} of {all}</source>
<translation>卷积核 {n}：范数 {value}，第 {place} / 共 {all}</translation>
</message>
<message>
<source>Kernel {n}, cosine {cosine}</source>
<translation>卷积核 {n}，余弦 {cosine}</translation>
</message>
<message>
<source>input 0 · red</source>
<translation>输入 0 · 红</translation>
</message>
<message>
<source>input 1 · green</source>
<translation>输入 1 · 绿</translation>
</message>
<message>
<source>input 2 · blue</source>
<translation>输入 2 · 蓝</translation>
</message>
<message>
<source>input {n}</source>
<translation>输入 {n}</translation>
</message>
<message>
<source>norm over all inputs</source>
<translation>所有输入的范数</translation>
</message>
<message>
<source>A click or the arrow keys read a kernel, + and - zoom, 0 shows all, Enter leads to its values.</source>
<translation>单击卷积核或用方向键读取。+ 和 - 缩放，0 显示全部。双击或按回车键跳到其数值。</translation>
</message>
<message>
<source>{index}: norm over all inputs {value}</source>
<translation>{index}：所有输入的范数 {value}</translation>
</message>
<message>
<source>Each</source>
<translation>逐个</translation>
</message>
<message>
<source>Norm of all</source>
<translation>全部的范数</translation>
</message>
<message>
<source>One</source>
<translation>单个</translation>
</message>
<message>
<source>Order</source>
<translation>顺序</translation>
</message>
<message>
<source>Norm</source>
<translation>范数</translation>
</message>
<message>
<source>Alike</source>
<translation>相似</translation>
</message>
<message>
<source>Alike: after each kernel the one whose elements point most where its own do</source>
<translation>相似：每个卷积核之后是与其方向最接近的那一个</translation>
</message>
<message>
<source>The kernels before</source>
<translation>前一页卷积核</translation>
</message>
<message>
<source>The next kernels</source>
<translation>后一页卷积核</translation>
</message>
<message>
<source>Most alike, by cosine</source>
<translation>按余弦最相似</translation>
</message>
<message>
<source>Inputs</source>
<translation>输入</translation>
</message>
<message>
<source>RGB</source>
<translation>RGB</translation>
</message>
<message>
<source>Scale</source>
<translation>缩放</translation>
</message>
<message>
<source>Per kernel</source>
<translation>每个卷积核</translation>
</message>
<message>
<source>Common</source>
<translation>共同</translation>
</message>
<message>
<source>As stored</source>
<translation>按存储</translation>
</message>
</context>
<context>
<name>KernelSheetView</name>
<message>
<source>Kernels</source>
<translation>卷积核</translation>
</message>
</context>
<context>
<name>LayerTable</name>
<message>
<source>RMS</source>
<translation>RMS</translation>
</message>
<message>
<source>Mean</source>
<translation>平均值</translation>
</message>
<message>
<source>Std</source>
<translation>标准差</translation>
</message>
<message>
<source>Min</source>
<translation>最小</translation>
</message>
<message>
<source>Max</source>
<translation>最大</translation>
</message>
<message>
<source>Zeros</source>
<translation>零</translation>
</message>
<message>
<source>Norm</source>
<translation>范数</translation>
</message>
<message>
<source>Abs max</source>
<translation>最大绝对值</translation>
</message>
<message>
<source>1 % to 99 % and 25 % to 75 % of the elements shaded, a line at the median; heights are roots of counts.</source>
<translation>阴影为元素的 1 % 至 99 % 与 25 % 至 75 %，竖线为中位数；高度为计数的平方根。</translation>
</message>
<message>
<source>Tensor</source>
<translation>张量</translation>
</message>
<message>
<source>Distribution</source>
<translation>分布</translation>
</message>
<message>
<source>Shape</source>
<translation>形状</translation>
</message>
<message>
<source>every value is {value}</source>
<translation>所有值都是 {value}</translation>
</message>
<message>
<source>1 to 99 %: {low} … {high}, 25 to 75 %: {lower} … {upper}, median {middle}</source>
<translation>1 至 99 %：{low} … {high}，25 至 75 %：{lower} … {upper}，中位数 {middle}</translation>
</message>
</context>
<context>
<name>LayersPanel</name>
<message>
<source>Tensor under the cursor</source>
<translation>光标处的张量</translation>
</message>
<message>
<source>Lo&amp;g scale</source>
<translation>对数刻度(&amp;G)</translation>
</message>
<message>
<source>Layers</source>
<translation>逐层</translation>
</message>
<message>
<source>There are no tensors here.</source>
<translation>这里没有张量。</translation>
</message>
<message>
<source>Select a file or a group of tensors to compare them.</source>
<translation>选择一个文件或一组张量进行比较。</translation>
</message>
<message>
<source>Measuring {tensors}</source>
<translation>正在测量 {tensors}</translation>
</message>
<message>
<source>{tensors} have not been measured yet.</source>
<translation>{tensors}尚未测量。</translation>
</message>
<message>
<source>Reading them takes a while; you can go on working, and stop it at any time.</source>
<translation>读取需要一些时间；您可以继续工作，也可以随时停止。</translation>
</message>
<message>
<source>Measure all {tensors}, {size}</source>
<translation>测量全部 {tensors}，{size}</translation>
</message>
<message>
<source>No key fits {pattern}.</source>
<translation>没有键符合 {pattern}。</translation>
</message>
<message>
<source>{name}: {n} tensors</source>
<translation>{name}：{n} 个张量</translation>
</message>
<message>
<source>All</source>
<translation>全部</translation>
</message>
<message>
<source>{share} of the values lie outside</source>
<translation>{share} 的值在此范围之外</translation>
</message>
<message>
<source>{share} outside</source>
<translation>{share} 在外</translation>
</message>
<message>
<source>{low} … {high}: {n} elements</source>
<translation>{low} … {high}：{n} 个元素</translation>
</message>
<message>
<source>Looking for what is unhealthy</source>
<translation>正在查找异常</translation>
</message>
<message>
<source>and {n} more</source>
<translation>另有 {n} 项</translation>
</message>
<message>
<source>Layer</source>
<translation>层</translation>
</message>
<message>
<source>Tensor, in the order of the file</source>
<translation>张量，按文件中的顺序</translation>
</message>
<message>
<source>Point at a row, or use ← and →, to read it. Drag to look closer, R shows all. A click goes to the tensor.</source>
<translation>指向一行，或用 ← 和 → 读取数值。拖动可放大，按 R 显示全部。单击转到该张量。</translation>
</message>
<message>
<source>{n} more names have no line: select a group to see its own.</source>
<translation>另有 {n} 个名称没有曲线：选择一个分组可查看其自身的曲线。</translation>
</message>
<message>
<source>Point at a line, or use the arrow keys, to read it. Click or Enter goes to the tensor.</source>
<translation>指向曲线，或使用方向键读数。点击或按 Enter 转到该张量。</translation>
</message>
<message>
<source>{n} with NaN or infinities</source>
<translation>{n}含 NaN 或无穷大</translation>
</message>
<message>
<source>{n} without numbers</source>
<translation>{n}没有数值</translation>
</message>
<message>
<source>Save table</source>
<translation>保存表格</translation>
</message>
<message>
<source>Tab-separated tables (*.tsv)</source>
<translation>制表符分隔的表格 (*.tsv)</translation>
</message>
<message>
<source>Save picture</source>
<translation>保存图片</translation>
</message>
<message>
<source>PNG pictures (*.png)</source>
<translation>PNG 图片 (*.png)</translation>
</message>
<message>
<source>Save drawing</source>
<translation>保存图形</translation>
</message>
<message>
<source>SVG drawings (*.svg)</source>
<translation>SVG 图形 (*.svg)</translation>
</message>
<message>
<source>Norm</source>
<translation>范数</translation>
</message>
<message>
<source>Root mean square</source>
<translation>均方根</translation>
</message>
<message>
<source>Standard deviation</source>
<translation>标准差</translation>
</message>
<message>
<source>Largest magnitude</source>
<translation>最大绝对值</translation>
</message>
<message>
<source>Mean</source>
<translation>平均值</translation>
</message>
<message>
<source>Share of zeros</source>
<translation>零的比例</translation>
</message>
<message>
<source>Share of NaN and infinities</source>
<translation>NaN 和无穷大的比例</translation>
</message>
<message>
<source>Measure</source>
<translation>测量</translation>
</message>
<message>
<source>Across</source>
<translation>横轴</translation>
</message>
<message>
<source>Layer numbers</source>
<translation>层编号</translation>
</message>
<message>
<source>File order, by name</source>
<translation>文件顺序，按名称</translation>
</message>
<message>
<source>File order, one line</source>
<translation>文件顺序，一条曲线</translation>
</message>
<message>
<source>Progress</source>
<translation>进度</translation>
</message>
<message>
<source>Stop</source>
<translation>停止</translation>
</message>
<message>
<source>Reading values…</source>
<translation>正在读取数值…</translation>
</message>
<message>
<source>All tensors</source>
<translation>所有张量</translation>
</message>
<message>
<source>&amp;Measure</source>
<translation>测量(&amp;M)</translation>
</message>
<message>
<source>&amp;Across</source>
<translation>横轴(&amp;A)</translation>
</message>
<message>
<source>Pattern: *.weight</source>
<translation>模式：*.weight</translation>
</message>
<message>
<source>Pattern of names</source>
<translation>名称模式</translation>
</message>
<message>
<source>Names of tensors; * is any text. Enter shows those that it fits.</source>
<translation>张量名称；* 表示任意文本。按 Enter 显示符合的张量。</translation>
</message>
<message>
<source>Findings</source>
<translation>发现的问题</translation>
</message>
<message>
<source>Ridges</source>
<translation>山脊图</translation>
</message>
<message>
<source>Lines</source>
<translation>折线</translation>
</message>
<message>
<source>The distribution of each tensor, one above the other</source>
<translation>各张量的分布，上下排列</translation>
</message>
<message>
<source>A number of each tensor, across depth</source>
<translation>各张量的一个数值，沿深度排列</translation>
</message>
<message>
<source>Common scale</source>
<translation>共同刻度</translation>
</message>
<message>
<source>Each its own</source>
<translation>各自刻度</translation>
</message>
<message>
<source>Save</source>
<translation>保存</translation>
</message>
<message>
<source>Copy or save what is shown</source>
<translation>复制或保存显示的内容</translation>
</message>
<message>
<source>Copy table</source>
<translation>复制表格</translation>
</message>
<message>
<source>Copy picture</source>
<translation>复制图片</translation>
</message>
<message>
<source>Save table…</source>
<translation>保存表格…</translation>
</message>
<message>
<source>Save picture as PNG…</source>
<translation>保存为 PNG 图片…</translation>
</message>
<message>
<source>Save drawing as SVG…</source>
<translation>把图形保存为 SVG…</translation>
</message>
</context>
<context>
<name>Legend</name>
<message>
<source>What the colours mean</source>
<translation>颜色的含义</translation>
</message>
<message>
<source>{what}: {low} to {high}</source>
<translation>{what}：{low} 至 {high}</translation>
</message>
<message>
<source>each column is the mean of up to {n} checkpoints</source>
<translation>每列是最多 {n} 个检查点的平均</translation>
</message>
<message>
<source>Change against the one before</source>
<translation>相对前一个的变化</translation>
</message>
<message>
<source>Norm</source>
<translation>范数</translation>
</message>
<message>
<source>Std</source>
<translation>标准差</translation>
</message>
<message>
<source>NaN in each</source>
<translation>各自的 NaN 数</translation>
</message>
<message>
<source>NaN or infinite</source>
<translation>NaN 或无穷</translation>
</message>
<message>
<source>←→ checkpoint   ↑↓ part   A B mark   Enter opens   Space compares</source>
<translation>←→ 检查点   ↑↓ 部分   A B 标记   回车打开   空格比较</translation>
</message>
</context>
<context>
<name>LinePlot</name>
<message>
<source>Measure across layers</source>
<translation>跨层测量</translation>
</message>
<message>
<source>{name}: {n} tensors, from {low} ({first}) to {high} ({last}).</source>
<translation>{name}：{n} 个张量，从 {low}（{first}）到 {high}（{last}）。</translation>
</message>
<message>
<source>All</source>
<translation>全部</translation>
</message>
</context>
<context>
<name>ListBar</name>
<message>
<source>Reading values: {done} of {total}</source>
<translation>正在读取数值：{done} / {total}</translation>
</message>
<message>
<source>Sorting by {column} takes the values of {tensors} more.</source>
<translation>按“{column}”排序还需读取 {tensors}的数值。</translation>
</message>
<message>
<source>The values of {n} of {tensors} are read.</source>
<translation>已读取 {n} 个张量的数值（共 {tensors}）。</translation>
</message>
<message>
<source>Try again</source>
<translation>重试</translation>
</message>
<message>
<source>Read {size} to sort by {column}</source>
<translation>读取 {size} 后按“{column}”排序</translation>
</message>
<message>
<source>Read {size}</source>
<translation>读取 {size}</translation>
</message>
<message>
<source>Stop</source>
<translation>停止</translation>
</message>
<message>
<source>Not now</source>
<translation>暂不</translation>
</message>
</context>
<context>
<name>Loading</name>
<message>
<source>Progress of opening</source>
<translation>打开进度</translation>
</message>
<message>
<source>Cancel</source>
<translation>取消</translation>
</message>
<message>
<source>Cancel opening</source>
<translation>取消打开</translation>
</message>
<message>
<source>Opening {name}</source>
<translation>正在打开 {name}</translation>
</message>
</context>
<context>
<name>MainWindow</name>
<message>
<source>{name} was read again: {what}</source>
<translation>已重新读取 {name}：{what}</translation>
</message>
<message>
<source>Open it</source>
<translation>打开</translation>
</message>
<message>
<source>Checkpoint Inspector</source>
<translation>Checkpoint Inspector</translation>
</message>
<message>
<source>{a} and {b} — Checkpoint Inspector</source>
<translation>{a} 与 {b} — Checkpoint Inspector</translation>
</message>
<message>
<source>{name} and {n} more</source>
<translation>{name} 等，另有 {n} 个</translation>
</message>
<message>
<source>{name} — Checkpoint Inspector</source>
<translation>{name} — Checkpoint Inspector</translation>
</message>
<message>
<source>No file open</source>
<translation>未打开文件</translation>
</message>
<message>
<source>{tensors} stored, shown as {n}</source>
<translation>保存了{tensors}，显示为 {n} 个</translation>
</message>
</context>
<context>
<name>Menus</name>
<message>
<source>&amp;File</source>
<translation>文件(&amp;F)</translation>
</message>
<message>
<source>&amp;Open…</source>
<translation>打开(&amp;O)…</translation>
</message>
<message>
<source>Open &amp;Folder…</source>
<translation>打开文件夹(&amp;F)…</translation>
</message>
<message>
<source>Ope&amp;n Address…</source>
<translation>打开地址(&amp;N)…</translation>
</message>
<message>
<source>Open &amp;Recent</source>
<translation>最近打开(&amp;R)</translation>
</message>
<message>
<source>Open Again What Was Open</source>
<translation>再次打开上次的内容</translation>
</message>
<message>
<source>Open the &amp;Demo Files</source>
<translation>打开示例文件(&amp;D)</translation>
</message>
<message>
<source>&amp;Save…</source>
<translation>保存(&amp;S)…</translation>
</message>
<message>
<source>Sa&amp;ve As…</source>
<translation>另存为(&amp;V)…</translation>
</message>
<message>
<source>Sav&amp;e All…</source>
<translation>全部保存(&amp;E)…</translation>
</message>
<message>
<source>Save Rows as Ta&amp;ble…</source>
<translation>将行另存为表格(&amp;B)…</translation>
</message>
<message>
<source>Repor&amp;t…</source>
<translation>报告(&amp;T)…</translation>
</message>
<message>
<source>&amp;Print…</source>
<translation>打印(&amp;P)…</translation>
</message>
<message>
<source>Co&amp;mpare</source>
<translation>比较(&amp;M)</translation>
</message>
<message>
<source>Compare &amp;With a File…</source>
<translation>与文件比较(&amp;W)…</translation>
</message>
<message>
<source>Training R&amp;un…</source>
<translation>训练过程(&amp;U)…</translation>
</message>
<message>
<source>Check &amp;Against a Model…</source>
<translation>对照模型检查(&amp;A)…</translation>
</message>
<message>
<source>E&amp;xplain a Loading Error…</source>
<translation>解释加载错误(&amp;X)…</translation>
</message>
<message>
<source>Re&amp;load</source>
<translation>重新加载(&amp;L)</translation>
</message>
<message>
<source>Follow Files That Chan&amp;ge</source>
<translation>跟踪有变化的文件(&amp;G)</translation>
</message>
<message>
<source>Show &amp;in Folder</source>
<translation>在文件夹中显示(&amp;I)</translation>
</message>
<message>
<source>&amp;Close File</source>
<translation>关闭文件(&amp;C)</translation>
</message>
<message>
<source>Preferences…</source>
<translation>首选项…</translation>
</message>
<message>
<source>&amp;Quit</source>
<translation>退出(&amp;Q)</translation>
</message>
<message>
<source>&amp;Edit</source>
<translation>编辑(&amp;E)</translation>
</message>
<message>
<source>&amp;Undo</source>
<translation>撤销(&amp;U)</translation>
</message>
<message>
<source>&amp;Redo</source>
<translation>重做(&amp;R)</translation>
</message>
<message>
<source>Rearrange</source>
<translation>重新排列</translation>
</message>
<message>
<source>&amp;Load Recipe…</source>
<translation>载入配方(&amp;L)…</translation>
</message>
<message>
<source>Apply These Edits to &amp;All Open Files…</source>
<translation>将这些修改应用到所有打开的文件(&amp;A)…</translation>
</message>
<message>
<source>&amp;Copy Key</source>
<translation>复制键(&amp;C)</translation>
</message>
<message>
<source>Copy As</source>
<translation>复制为</translation>
</message>
<message>
<source>Copy Ro&amp;ws as TSV</source>
<translation>复制行为 TSV(&amp;W)</translation>
</message>
<message>
<source>Copy as P&amp;ython</source>
<translation>复制为 Python(&amp;Y)</translation>
</message>
<message>
<source>Copy Shapes as &amp;JSON</source>
<translation>复制形状为 JSON(&amp;J)</translation>
</message>
<message>
<source>&amp;Find…</source>
<translation>查找(&amp;F)…</translation>
</message>
<message>
<source>Find Ne&amp;xt</source>
<translation>查找下一个(&amp;X)</translation>
</message>
<message>
<source>Find &amp;Previous</source>
<translation>查找上一个(&amp;P)</translation>
</message>
<message>
<source>Comman&amp;ds and Keys…</source>
<translation>命令与键(&amp;D)…</translation>
</message>
<message>
<source>&amp;Next Finding</source>
<translation>下一项检查结果(&amp;N)</translation>
</message>
<message>
<source>Pre&amp;vious Finding</source>
<translation>上一项检查结果(&amp;V)</translation>
</message>
<message>
<source>&amp;View</source>
<translation>视图(&amp;V)</translation>
</message>
<message>
<source>&amp;Back</source>
<translation>后退(&amp;B)</translation>
</message>
<message>
<source>&amp;Forward</source>
<translation>前进(&amp;F)</translation>
</message>
<message>
<source>Show &amp;Panels</source>
<translation>显示面板(&amp;P)</translation>
</message>
<message>
<source>Tensors as a &amp;List</source>
<translation>以列表显示张量(&amp;L)</translation>
</message>
<message>
<source>Packed &amp;Weights as Stored</source>
<translation>打包权重按原样显示(&amp;W)</translation>
</message>
<message>
<source>&amp;Expand All</source>
<translation>全部展开(&amp;E)</translation>
</message>
<message>
<source>&amp;Collapse All</source>
<translation>全部折叠(&amp;C)</translation>
</message>
<message>
<source>F&amp;ull Screen</source>
<translation>全屏(&amp;U)</translation>
</message>
<message>
<source>&amp;Reset Layout</source>
<translation>重置布局(&amp;R)</translation>
</message>
<message>
<source>Boo&amp;kmarks</source>
<translation>书签(&amp;K)</translation>
</message>
<message>
<source>&amp;Bookmark What Is Selected</source>
<translation>为所选内容加书签(&amp;B)</translation>
</message>
<message>
<source>&amp;Next Bookmark</source>
<translation>下一个书签(&amp;N)</translation>
</message>
<message>
<source>&amp;Previous Bookmark</source>
<translation>上一个书签(&amp;P)</translation>
</message>
<message>
<source>&amp;Remove All Bookmarks</source>
<translation>删除所有书签(&amp;R)</translation>
</message>
<message>
<source>Comp&amp;arison</source>
<translation>比较(&amp;A)</translation>
</message>
<message>
<source>&amp;Next Change</source>
<translation>下一处更改(&amp;N)</translation>
</message>
<message>
<source>&amp;Previous Change</source>
<translation>上一处更改(&amp;P)</translation>
</message>
<message>
<source>Back to the Ro&amp;w Before</source>
<translation>回到上一行(&amp;W)</translation>
</message>
<message>
<source>&amp;Forward Again</source>
<translation>再次前进(&amp;F)</translation>
</message>
<message>
<source>Take A&apos;s into &amp;B</source>
<translation>用 A 的替换 B 的(&amp;B)</translation>
</message>
<message>
<source>Take B&apos;s into &amp;A</source>
<translation>用 B 的替换 A 的(&amp;A)</translation>
</message>
<message>
<source>The File Both C&amp;ome From…</source>
<translation>两者的来源文件(&amp;O)…</translation>
</message>
<message>
<source>E&amp;xchange A and B</source>
<translation>交换 A 和 B(&amp;X)</translation>
</message>
<message>
<source>&amp;Details of the Pair</source>
<translation>这一对的详情(&amp;D)</translation>
</message>
<message>
<source>&amp;Map of Changes</source>
<translation>变化图(&amp;M)</translation>
</message>
<message>
<source>&amp;Report as a Page…</source>
<translation>将报告存为网页(&amp;R)…</translation>
</message>
<message>
<source>&amp;Theme</source>
<translation>主题(&amp;T)</translation>
</message>
<message>
<source>As the &amp;System</source>
<translation>跟随系统(&amp;S)</translation>
</message>
<message>
<source>&amp;Light</source>
<translation>浅色(&amp;L)</translation>
</message>
<message>
<source>&amp;Dark</source>
<translation>深色(&amp;D)</translation>
</message>
<message>
<source>Lan&amp;guage</source>
<translation>语言(&amp;G)</translation>
</message>
<message>
<source>&amp;Help</source>
<translation>帮助(&amp;H)</translation>
</message>
<message>
<source>&amp;Keyboard Shortcuts</source>
<translation>键盘快捷键(&amp;K)</translation>
</message>
<message>
<source>&amp;About Checkpoint Inspector</source>
<translation>关于 Checkpoint Inspector(&amp;A)</translation>
</message>
<message>
<source>&amp;Clear This List</source>
<translation>清空此列表(&amp;C)</translation>
</message>
</context>
<context>
<name>MessageBoxes</name>
<message>
<source>Close</source>
<translation>关闭</translation>
</message>
<message>
<source>Cancel</source>
<translation>取消</translation>
</message>
<message>
<source>Discard</source>
<translation>不保存</translation>
</message>
<message>
<source>Save…</source>
<translation>保存…</translation>
</message>
</context>
<context>
<name>MessagePage</name>
<message>
<source>Progress</source>
<translation>进度</translation>
</message>
<message>
<source>Stop</source>
<translation>停止</translation>
</message>
<message>
<source>The values could not be read.</source>
<translation>无法读取数值。</translation>
</message>
<message>
<source>Try again</source>
<translation>重试</translation>
</message>
<message>
<source>The other tensors are not affected.</source>
<translation>其他张量不受影响。</translation>
</message>
<message>
<source>At {where}.</source>
<translation>位于 {where}。</translation>
</message>
<message>
<source>Reload</source>
<translation>重新加载</translation>
</message>
<message>
<source>{done} of {total}</source>
<translation>{done} / {total}</translation>
</message>
<message>
<source>{percent} %</source>
<translation>{percent} %</translation>
</message>
<message>
<source>Reading values…</source>
<translation>正在读取数值…</translation>
</message>
</context>
<context>
<name>ModulesPanel</name>
<message>
<source>Modules</source>
<translation>模块</translation>
</message>
<message>
<source>Find in this text (Ctrl+F)</source>
<translation>在此文本中查找 (Ctrl+F)</translation>
</message>
<message>
<source>Copy the text</source>
<translation>复制文本</translation>
</message>
<message>
<source>Looking at the modules</source>
<translation>正在查看模块</translation>
</message>
<message>
<source>Looking at the modules …</source>
<translation>正在查看模块…</translation>
</message>
<message>
<source>There is no model in this file.</source>
<translation>此文件中没有模型。</translation>
</message>
<message>
<source>Inferred from names and shapes: what has no parameters, such as activations and dropout, is not in the file.</source>
<translation>由名称和形状推断：没有参数的部分（如激活函数和 dropout）不在文件中。</translation>
</message>
<message>
<source>As it was pickled. What a class of one&apos;s own would print is known to its code only.</source>
<translation>与保存时一致。自定义类会输出什么，只有其代码知道。</translation>
</message>
<message>
<source>{n} lines more: inspector modules prints them.</source>
<translation>另有 {n} 行：inspector modules 可输出全部。</translation>
</message>
</context>
<context>
<name>NormBars</name>
<message>
<source>{n} channels, norms from {low} to {high}, {zero} of them zero</source>
<translation>{n} 个通道，范数从 {low} 到 {high}，其中 {zero} 个为零</translation>
</message>
<message>
<source>{n}: norm {value}</source>
<translation>{n}：范数 {value}</translation>
</message>
</context>
<context>
<name>NoteLine</name>
<message>
<source>Note: {text}</source>
<translation>说明：{text}</translation>
</message>
<message>
<source>Note</source>
<translation>说明</translation>
</message>
<message>
<source>Show</source>
<translation>显示</translation>
</message>
<message>
<source>Show all of the note</source>
<translation>显示整条说明</translation>
</message>
</context>
<context>
<name>Notice</name>
<message>
<source>Close</source>
<translation>关闭</translation>
</message>
</context>
<context>
<name>Offers</name>
<message>
<source>Strip “{prefix}”</source>
<translation>去掉“{prefix}”</translation>
</message>
<message>
<source>Strip “{prefix}” from the parts</source>
<translation>去掉各部分的“{prefix}”</translation>
</message>
<message>
<source>Set device to cpu</source>
<translation>设备改为 cpu</translation>
</message>
<message>
<source>Keep only what is used</source>
<translation>仅保留使用的部分</translation>
</message>
<message>
<source>Give each its own bytes</source>
<translation>各自拥有独立字节</translation>
</message>
<message>
<source>Tie “{name}”</source>
<translation>绑定“{name}”</translation>
</message>
<message>
<source>Make the values plain</source>
<translation>把值转为普通数据</translation>
</message>
<message>
<source>Drop what is broken</source>
<translation>移除损坏的部分</translation>
</message>
<message>
<source>Extract the weights</source>
<translation>提取权重</translation>
</message>
<message>
<source>Extract the weights of {what}</source>
<translation>提取 {what} 的权重</translation>
</message>
<message>
<source>Repair</source>
<translation>修复</translation>
</message>
</context>
<context>
<name>Opener</name>
<message>
<source>Reading {name} again</source>
<translation>正在重新读取 {name}</translation>
</message>
<message>
<source>Looking for checkpoints of one run</source>
<translation>正在查看是否为同一训练过程的检查点</translation>
</message>
<message>
<source>Looking into the folder</source>
<translation>正在查看文件夹</translation>
</message>
<message>
<source>Opening {name}</source>
<translation>正在打开 {name}</translation>
</message>
<message>
<source>Checkpoint Inspector made a mistake while reading this file</source>
<translation>Checkpoint Inspector 在读取此文件时出现内部错误</translation>
</message>
<message>
<source>Nothing in the file was run. Please copy the report and send it to us.</source>
<translation>没有运行文件中的任何内容。请复制报告发给我们。</translation>
</message>
</context>
<context>
<name>Overview</name>
<message>
<source>Overview</source>
<translation>概览</translation>
</message>
<message>
<source>Adding up tensors</source>
<translation>正在汇总张量</translation>
</message>
<message>
<source>{tensors} selected</source>
<translation>已选择 {tensors}</translation>
</message>
<message>
<source>Tensors from different parts of {file}.</source>
<translation>来自 {file} 不同部分的张量。</translation>
</message>
<message>
<source>{n} active</source>
<translation>激活 {n}</translation>
</message>
<message>
<source>No tensors in this file.</source>
<translation>此文件中没有张量。</translation>
</message>
<message>
<source>torch.load takes it with weights_only=True, and with map_location=&quot;cpu&quot; where there is no {devices}.</source>
<translation>torch.load 可用 weights_only=True 加载；没有 {devices} 的机器上还需 map_location=&quot;cpu&quot;。</translation>
</message>
<message>
<source>torch.load takes it as it is, with weights_only=True.</source>
<translation>torch.load 可直接用 weights_only=True 加载。</translation>
</message>
<message>
<source>Name</source>
<translation>名称</translation>
</message>
<message>
<source>What it is</source>
<translation>这是什么</translation>
</message>
<message>
<source>Whether torch.load takes it</source>
<translation>torch.load 能否加载</translation>
</message>
<message>
<source>Copy name</source>
<translation>复制名称</translation>
</message>
<message>
<source>Copy the path</source>
<translation>复制路径</translation>
</message>
<message>
<source>Copy the key</source>
<translation>复制键</translation>
</message>
<message>
<source>A state dict: the weights of a model, key by key.</source>
<translation>状态字典：模型的权重，逐键保存。</translation>
</message>
<message>
<source>A training checkpoint: weights together with what is needed to go on training.</source>
<translation>训练检查点：权重以及继续训练所需的内容。</translation>
</message>
<message>
<source>A whole model saved with its class. The class is not needed to look inside; nothing of it is run.</source>
<translation>连同类一起保存的完整模型。查看时不需要该类，也不会运行其中任何内容。</translation>
</message>
<message>
<source>A TorchScript program with its weights.</source>
<translation>带权重的 TorchScript 程序。</translation>
</message>
<message>
<source>A tensor saved by itself.</source>
<translation>单独保存的一个张量。</translation>
</message>
<message>
<source>Saved Python data.</source>
<translation>保存的 Python 数据。</translation>
</message>
<message>
<source>Tensors in a structure of their own.</source>
<translation>自定义结构中的张量。</translation>
</message>
<message>
<source>{tensors}, {values}.</source>
<translation>{tensors}，{values}。</translation>
</message>
<message>
<source>{tensors}.</source>
<translation>{tensors}。</translation>
</message>
<message>
<source>A state dict with {what}</source>
<translation>状态字典，含{what}</translation>
</message>
<message>
<source>A group of keys with {what}</source>
<translation>一组键，含{what}</translation>
</message>
<message>
<source>+ {n} optimizer</source>
<translation>+ {n} 优化器</translation>
</message>
<message>
<source>{n} bits a packed weight</source>
<translation>每个打包权重 {n} 位</translation>
</message>
<message>
<source>{n} stored</source>
<translation>{n} 个已保存</translation>
</message>
<message>
<source>{size} stored</source>
<translation>保存 {size}</translation>
</message>
<message>
<source>File</source>
<translation>文件</translation>
</message>
<message>
<source>Value</source>
<translation>值</translation>
</message>
<message>
<source>Group</source>
<translation>组</translation>
</message>
<message>
<source>Share of file</source>
<translation>占文件比例</translation>
</message>
<message>
<source>Tensors</source>
<translation>张量</translation>
</message>
<message>
<source>Parameters</source>
<translation>参数</translation>
</message>
<message>
<source>Tensor bytes</source>
<translation>张量字节</translation>
</message>
<message>
<source>in {n} layers</source>
<translation>共 {n} 层</translation>
</message>
<message>
<source>{k} on a token ({source})</source>
<translation>每个词元 {k} 个（{source}）</translation>
</message>
<message>
<source>Experts</source>
<translation>专家</translation>
</message>
<message>
<source>Show {n} more</source>
<translation>再显示 {n} 项</translation>
</message>
<message>
<source>Only tensors and plain values: loads with weights_only=True</source>
<translation>只有张量和普通值：可用 weights_only=True 加载</translation>
</message>
<message>
<source>Holds no code: tensors and texts only</source>
<translation>不含代码：只有张量和文本</translation>
</message>
<message>
<source>Every tensor has its place in the file</source>
<translation>每个张量在文件中都有其位置</translation>
</message>
<message>
<source>No NaN, no infinity ({n} of {all} tensors read)</source>
<translation>没有 NaN，没有无穷大（已读取 {n} / {all} 个张量）</translation>
</message>
<message>
<source>No device tags but the cpu&apos;s: loads on any computer</source>
<translation>只有 cpu 设备标签：任何机器都可加载</translation>
</message>
<message>
<source>Selected tensors</source>
<translation>所选张量</translation>
</message>
<message>
<source>Looking where the bytes are</source>
<translation>正在统计字节分布</translation>
</message>
<message>
<source>Data types</source>
<translation>数据类型</translation>
</message>
<message>
<source>Devices</source>
<translation>设备</translation>
</message>
<message>
<source>not stored</source>
<translation>未保存</translation>
</message>
<message>
<source>others</source>
<translation>其他</translation>
</message>
<message>
<source>Parts</source>
<translation>各部分</translation>
</message>
<message>
<source>(empty name)</source>
<translation>（空名称）</translation>
</message>
<message>
<source>Largest tensors</source>
<translation>最大的张量</translation>
</message>
<message>
<source>No problem found</source>
<translation>未发现问题</translation>
</message>
<message>
<source>{places}, list all</source>
<translation>{places}，列出全部</translation>
</message>
<message>
<source>Shared storages</source>
<translation>共享的存储</translation>
</message>
<message>
<source>{n} more</source>
<translation>另有 {n} 个</translation>
</message>
<message>
<source>Metadata</source>
<translation>元数据</translation>
</message>
<message>
<source>Text</source>
<translation>文本</translation>
</message>
<message>
<source>Format</source>
<translation>格式</translation>
</message>
<message>
<source>Kind</source>
<translation>种类</translation>
</message>
<message>
<source>Size</source>
<translation>大小</translation>
</message>
<message>
<source>{tensors}, {size} of elements, {stored} stored</source>
<translation>{tensors}，元素共 {size}，保存 {stored}</translation>
</message>
<message>
<source>Shared</source>
<translation>共享</translation>
</message>
<message>
<source>{tensors} share a storage with another</source>
<translation>{tensors}与其他张量共享存储</translation>
</message>
<message>
<source>Unreadable</source>
<translation>无法读取</translation>
</message>
<message>
<source>The values of {tensors} cannot be had</source>
<translation>{tensors}的数值无法获得</translation>
</message>
<message>
<source>State dicts</source>
<translation>状态字典</translation>
</message>
<message>
<source>the whole file</source>
<translation>整个文件</translation>
</message>
<message>
<source>Path</source>
<translation>路径</translation>
</message>
<message>
<source>A tensor of {dtype} in {where}.</source>
<translation>{where} 中的 {dtype} 张量。</translation>
</message>
<message>
<source>the root state dict</source>
<translation>根状态字典</translation>
</message>
<message>
<source>A tensor of {dtype}.</source>
<translation>{dtype} 张量。</translation>
</message>
<message>
<source>It is optimizer state of {parameter}.</source>
<translation>它是 {parameter} 的优化器状态。</translation>
</message>
<message>
<source>Everything else in the file can still be read.</source>
<translation>文件中的其余内容仍可读取。</translation>
</message>
<message>
<source>Shape</source>
<translation>形状</translation>
</message>
<message>
<source>Elements</source>
<translation>元素</translation>
</message>
<message>
<source>Bytes</source>
<translation>字节</translation>
</message>
<message>
<source>of file</source>
<translation>占文件</translation>
</message>
<message>
<source>All right</source>
<translation>没有问题</translation>
</message>
<message>
<source>Tensor</source>
<translation>张量</translation>
</message>
<message>
<source>yes</source>
<translation>是</translation>
</message>
<message>
<source>no</source>
<translation>否</translation>
</message>
<message>
<source>Data type</source>
<translation>数据类型</translation>
</message>
<message>
<source>Device</source>
<translation>设备</translation>
</message>
<message>
<source>not stored in this format</source>
<translation>此格式不保存</translation>
</message>
<message>
<source>Requires grad</source>
<translation>需要梯度</translation>
</message>
<message>
<source>Layout</source>
<translation>布局</translation>
</message>
<message>
<source>Stride</source>
<translation>步幅</translation>
</message>
<message>
<source>Name in its state dict</source>
<translation>在状态字典中的名称</translation>
</message>
<message>
<source>A packed tensor, {how}: {n} that stand for one.</source>
<translation>打包的张量，{how}：{n}合为一个。</translation>
</message>
<message>
<source>A packed tensor, {how}.</source>
<translation>打包的张量，{how}。</translation>
</message>
<message>
<source>{bits} bits a weight</source>
<translation>每个权重 {bits} 位</translation>
</message>
<message>
<source>Unpack to {dtype}</source>
<translation>解包为 {dtype}</translation>
</message>
<message>
<source>A value of type {type}.</source>
<translation>类型为 {type} 的值。</translation>
</message>
</context>
<context>
<name>PackedSwitch</name>
<message>
<source>As one weight</source>
<translation>合为一个权重</translation>
</message>
<message>
<source>As stored</source>
<translation>原样</translation>
</message>
<message>
<source>Packed weights</source>
<translation>打包的权重</translation>
</message>
<message>
<source>Packed weights as the tensors that they stand for, their parts beneath</source>
<translation>把打包的权重显示为它们所代表的张量，各部分在其下</translation>
</message>
<message>
<source>Packed weights as the parts that lie in the file</source>
<translation>把打包的权重显示为文件中的各个部分</translation>
</message>
</context>
<context>
<name>PairModel</name>
<message>
<source>Name</source>
<translation>名称</translation>
</message>
<message>
<source>RMS</source>
<translation>RMS</translation>
</message>
<message>
<source>What differs</source>
<translation>差异</translation>
</message>
<message>
<source>Shape, dtype</source>
<translation>形状、数据类型</translation>
</message>
<message>
<source>Largest</source>
<translation>最大差</translation>
</message>
<message>
<source>Shape</source>
<translation>形状</translation>
</message>
<message>
<source>Cosine</source>
<translation>余弦</translation>
</message>
<message>
<source>Differ</source>
<translation>不同</translation>
</message>
<message>
<source>SQNR</source>
<translation>SQNR</translation>
</message>
<message>
<source>What differs, and how far: the norm of the difference over that of A, the bar by logarithm. Groups show how many of each, and how far all of it is together</source>
<translation>有何不同、相差多远：差的范数与 A 的范数之比，条形按对数绘制。分组显示各类的数量以及合计的距离</translation>
</message>
<message>
<source>The largest distance of two elements</source>
<translation>两元素间的最大距离</translation>
</message>
<message>
<source>Shape and dtype, those of A and of B where they differ</source>
<translation>形状和数据类型；不同时列出 A 和 B 各自的</translation>
</message>
<message>
<source>The root of the mean squared distance</source>
<translation>距离平方均值的平方根</translation>
</message>
<message>
<source>The cosine of the two as vectors; 1 is the same direction</source>
<translation>两者作为向量的余弦；1 表示方向相同</translation>
</message>
<message>
<source>The share of elements that differ</source>
<translation>不同元素的比例</translation>
</message>
<message>
<source>Of packed tensors: the values over the errors of packing them, in decibels; the least is the worst</source>
<translation>打包的张量：数值与打包误差之比，以分贝计；最小的最差</translation>
</message>
</context>
<context>
<name>PairPanel</name>
<message>
<source>The selected pair</source>
<translation>所选配对</translation>
</message>
<message>
<source>Pair</source>
<translation>配对</translation>
</message>
<message>
<source>Nothing is selected.</source>
<translation>没有选择任何内容。</translation>
</message>
<message>
<source>The names are not paired yet.</source>
<translation>名称尚未配对。</translation>
</message>
<message>
<source>Select a row to see how its two sides differ.</source>
<translation>选择一行，查看两侧有何不同。</translation>
</message>
<message>
<source>{n} rows</source>
<translation>{n} 行</translation>
</message>
<message>
<source>Most different, relatively:</source>
<translation>相对差异最大的：</translation>
</message>
<message>
<source>Not all of it was read yet.</source>
<translation>尚未全部读取。</translation>
</message>
<message>
<source>in B:  {key}</source>
<translation>在 B 中：{key}</translation>
</message>
<message>
<source>{share} differ</source>
<translation>{share} 不同</translation>
</message>
<message>
<source>largest {x}</source>
<translation>最大 {x}</translation>
</message>
<message>
<source>RMS {x}</source>
<translation>RMS {x}</translation>
</message>
<message>
<source>relative {x}</source>
<translation>相对 {x}</translation>
</message>
<message>
<source>cosine {x}</source>
<translation>余弦 {x}</translation>
</message>
<message>
<source>values over errors {x}</source>
<translation>数值与误差之比 {x}</translation>
</message>
<message>
<source>{n} signs flipped</source>
<translation>{n} 个符号相反</translation>
</message>
<message>
<source>{n} differ in NaN or infinity</source>
<translation>{n} 个在 NaN 或无穷大上不同</translation>
</message>
<message>
<source>{side} is exactly the other one, cast</source>
<translation>{side} 正好是另一侧转换类型的结果</translation>
</message>
<message>
<source>Every byte is the same.</source>
<translation>每个字节都相同。</translation>
</message>
<message>
<source>Every value is the same.</source>
<translation>每个值都相同。</translation>
</message>
<message>
<source>Histograms of {name}</source>
<translation>{name} 的直方图</translation>
</message>
<message>
<source>A</source>
<translation>A</translation>
</message>
<message>
<source>B</source>
<translation>B</translation>
</message>
<message>
<source>The values cannot be shown.</source>
<translation>数值无法显示。</translation>
</message>
<message>
<source>There is nothing to draw: all values are the same, or none is finite.</source>
<translation>没有可绘制的内容：所有值相同，或没有有限值。</translation>
</message>
<message>
<source>B minus A</source>
<translation>B 减 A</translation>
</message>
<message>
<source>How far each element moved, on a logarithmic scale of counts.</source>
<translation>各元素的变化量，计数为对数刻度。</translation>
</message>
<message>
<source>Only one of the files has this tensor.</source>
<translation>只有一个文件包含此张量。</translation>
</message>
<message>
<source>The shapes differ, so there are no differences to count.</source>
<translation>形状不同，因此没有可统计的差值。</translation>
</message>
<message>
<source>The values of this pair were not compared yet.</source>
<translation>这一对的数值尚未比较。</translation>
</message>
<message>
<source>No element differs.</source>
<translation>没有不同的元素。</translation>
</message>
<message>
<source>These differences cannot be counted.</source>
<translation>这些差值无法统计。</translation>
</message>
<message>
<source>What is drawn</source>
<translation>绘制内容</translation>
</message>
<message>
<source>Histograms</source>
<translation>直方图</translation>
</message>
<message>
<source>Differences</source>
<translation>差值</translation>
</message>
<message>
<source>Heatmap</source>
<translation>热图</translation>
</message>
<message>
<source>Read them</source>
<translation>读取</translation>
</message>
<message>
<source>Reading A and B …</source>
<translation>正在读取 A 和 B…</translation>
</message>
</context>
<context>
<name>PairView</name>
<message>
<source>Pairs of tensors</source>
<translation>张量配对</translation>
</message>
<message>
<source>Copy names</source>
<translation>复制名称</translation>
</message>
<message>
<source>Copy rows as TSV</source>
<translation>把行复制为 TSV</translation>
</message>
<message>
<source>Expand all below</source>
<translation>展开其下全部</translation>
</message>
<message>
<source>Collapse all below</source>
<translation>折叠其下全部</translation>
</message>
</context>
<context>
<name>Palette</name>
<message>
<source>Type a command, a key, a file</source>
<translation>输入命令、键或文件</translation>
</message>
<message>
<source>Command, key or file</source>
<translation>命令、键或文件</translation>
</message>
<message>
<source>What fits</source>
<translation>匹配项</translation>
</message>
<message>
<source>Measure the {n} shown</source>
<translation>测量显示的 {n} 个</translation>
</message>
<message>
<source>Drop the {n} shown</source>
<translation>移除显示的 {n} 个</translation>
</message>
<message>
<source>Copy the keys of the {n} shown</source>
<translation>复制显示的 {n} 个的键</translation>
</message>
<message>
<source>Save the {n} shown…</source>
<translation>保存显示的 {n} 个…</translation>
</message>
<message>
<source>no file is open</source>
<translation>没有打开文件</translation>
</message>
<message>
<source>not while two files are compared</source>
<translation>比较两个文件时不可用</translation>
</message>
<message>
<source>not for what is selected</source>
<translation>不适用于所选内容</translation>
</message>
<message>
<source>Commands</source>
<translation>命令</translation>
</message>
<message>
<source>Keys</source>
<translation>键</translation>
</message>
<message>
<source>Bookmarks</source>
<translation>书签</translation>
</message>
<message>
<source>Files</source>
<translation>文件</translation>
</message>
</context>
<context>
<name>PanelTabs</name>
<message>
<source>Panels</source>
<translation>面板</translation>
</message>
<message>
<source>More panels</source>
<translation>更多面板</translation>
</message>
</context>
<context>
<name>Panels</name>
<message>
<source>Overview</source>
<translation>概览</translation>
</message>
<message>
<source>Statistics</source>
<translation>统计</translation>
</message>
<message>
<source>Heatmap</source>
<translation>热图</translation>
</message>
<message>
<source>Values</source>
<translation>数值</translation>
</message>
<message>
<source>Layers</source>
<translation>逐层</translation>
</message>
<message>
<source>Details</source>
<translation>详情</translation>
</message>
<message>
<source>Edits</source>
<translation>修改</translation>
</message>
<message>
<source>Modules</source>
<translation>模块</translation>
</message>
<message>
<source>Code</source>
<translation>代码</translation>
</message>
<message>
<source>Select a tensor to see its values.</source>
<translation>选择一个张量，查看其数值。</translation>
</message>
<message>
<source>This is a single value, not a tensor: it stands in the list and under Details.</source>
<translation>这是单个值，不是张量：它显示在列表和“详情”中。</translation>
</message>
<message>
<source>Select one tensor of these {n} to see its values.</source>
<translation>在这 {n} 个中选择一个张量，查看其数值。</translation>
</message>
<message>
<source>There are no tensors here.</source>
<translation>这里没有张量。</translation>
</message>
</context>
<context>
<name>PendingBar</name>
<message>
<source>1 pending edit</source>
<translation>1 项待保存的修改</translation>
</message>
<message>
<source>{n} pending edits</source>
<translation>{n} 项待保存的修改</translation>
</message>
<message>
<source>in {file}: {edit}. Nothing is written until you save.</source>
<translation>在 {file} 中：{edit}。保存前不会写入任何内容。</translation>
</message>
<message>
<source>in {n} files. Nothing is written until you save.</source>
<translation>在 {n} 个文件中。保存前不会写入任何内容。</translation>
</message>
<message>
<source>Save all {n}…</source>
<translation>保存全部 {n} 个…</translation>
</message>
<message>
<source>Save {name}…</source>
<translation>保存 {name}…</translation>
</message>
<message>
<source>Undo</source>
<translation>撤销</translation>
</message>
<message>
<source>Show edits</source>
<translation>显示修改</translation>
</message>
<message>
<source>Save…</source>
<translation>保存…</translation>
</message>
</context>
<context>
<name>Preferences</name>
<message>
<source>Preferences</source>
<translation>首选项</translation>
</message>
<message>
<source>Theme</source>
<translation>主题</translation>
</message>
<message>
<source>As the system</source>
<translation>跟随系统</translation>
</message>
<message>
<source>Light</source>
<translation>浅色</translation>
</message>
<message>
<source>Dark</source>
<translation>深色</translation>
</message>
<message>
<source>Language</source>
<translation>语言</translation>
</message>
<message>
<source>Open again what was open, when no file is named</source>
<translation>未指定文件时，再次打开上次的内容</translation>
</message>
<message>
<source>Read files again when they change on the disk</source>
<translation>文件在磁盘上改变时重新读取</translation>
</message>
<message>
<source>Find instead of filter: hide nothing, go from hit to hit</source>
<translation>以查找代替筛选：不隐藏任何键，逐个跳到匹配项</translation>
</message>
<message>
<source>Kept in {path}</source>
<translation>保存在 {path}</translation>
</message>
<message>
<source>Files</source>
<translation>文件</translation>
</message>
<message>
<source>Keys</source>
<translation>键</translation>
</message>
<message>
<source>Close</source>
<translation>关闭</translation>
</message>
<message>
<source>The language changes when the window is opened the next time.</source>
<translation>语言将在下次打开窗口时更改。</translation>
</message>
</context>
<context>
<name>PreviewModel</name>
<message>
<source>Before</source>
<translation>修改前</translation>
</message>
<message>
<source>After</source>
<translation>修改后</translation>
</message>
<message>
<source>left out</source>
<translation>移除</translation>
</message>
</context>
<context>
<name>PreviewTable</name>
<message>
<source>Keys before and after</source>
<translation>修改前后的键</translation>
</message>
</context>
<context>
<name>PrintPreview</name>
<message>
<source>Print</source>
<translation>打印</translation>
</message>
<message>
<source>The page on paper</source>
<translation>纸上的页面</translation>
</message>
<message>
<source>Laying out the page …</source>
<translation>正在排版 …</translation>
</message>
<message>
<source>Which way up</source>
<translation>纸张方向</translation>
</message>
<message>
<source>Upright</source>
<translation>纵向</translation>
</message>
<message>
<source>Across</source>
<translation>横向</translation>
</message>
<message>
<source>Print…</source>
<translation>打印…</translation>
</message>
<message>
<source>Cancel</source>
<translation>取消</translation>
</message>
<message>
<source>Smaller</source>
<translation>缩小</translation>
</message>
<message>
<source>Larger</source>
<translation>放大</translation>
</message>
<message>
<source>Laying out the page</source>
<translation>正在排版</translation>
</message>
<message>
<source>{n} sheets, of which the first {shown} are shown</source>
<translation>{n} 张，显示前 {shown} 张</translation>
</message>
<message>
<source>{n} sheets</source>
<translation>{n} 张</translation>
</message>
<message>
<source>1 sheet</source>
<translation>1 张</translation>
</message>
<message>
<source>Printing …</source>
<translation>正在打印 …</translation>
</message>
<message>
<source>Printing</source>
<translation>正在打印</translation>
</message>
</context>
<context>
<name>Printing</name>
<message>
<source>the printer takes nothing</source>
<translation>打印机不接受任何内容</translation>
</message>
<message>
<source>Choose another one, or another file to print to.</source>
<translation>请选择其他打印机，或其他输出文件。</translation>
</message>
</context>
<context>
<name>Problem</name>
<message>
<source>Problem</source>
<translation>问题</translation>
</message>
<message>
<source>Choose what to open</source>
<translation>选择要打开的内容</translation>
</message>
<message>
<source>This folder cannot be opened</source>
<translation>无法打开此文件夹</translation>
</message>
<message>
<source>This file cannot be opened</source>
<translation>此文件无法打开</translation>
</message>
<message>
<source>What is wrong</source>
<translation>存在的问题</translation>
</message>
<message>
<source>What to do</source>
<translation>解决办法</translation>
</message>
<message>
<source>File</source>
<translation>文件</translation>
</message>
<message>
<source>Folder</source>
<translation>文件夹</translation>
</message>
<message>
<source>Where</source>
<translation>位置</translation>
</message>
<message>
<source>Kind of problem</source>
<translation>问题种类</translation>
</message>
<message>
<source>What was learnt before</source>
<translation>此前已得知的内容</translation>
</message>
<message>
<source>Open it only if you, or somebody you trust, made these links.</source>
<translation>只有当这些链接是您或您信任的人创建时，才打开它。</translation>
</message>
<message>
<source>In this archive</source>
<translation>在此归档中</translation>
</message>
<message>
<source>Open {name}</source>
<translation>打开 {name}</translation>
</message>
<message>
<source>{count} more can be opened as FILE!MEMBER.</source>
<translation>另有 {count} 个可用 文件!成员 打开。</translation>
</message>
<message>
<source>Try again</source>
<translation>重试</translation>
</message>
<message>
<source>Close</source>
<translation>关闭</translation>
</message>
<message>
<source>Copy report</source>
<translation>复制报告</translation>
</message>
<message>
<source>Open anyway</source>
<translation>仍然打开</translation>
</message>
</context>
<context>
<name>Properties</name>
<message>
<source>Property</source>
<translation>属性</translation>
</message>
<message>
<source>Value</source>
<translation>值</translation>
</message>
</context>
<context>
<name>QuantileStrip</name>
<message>
<source>Quantiles</source>
<translation>分位数</translation>
</message>
<message>
<source>{name}: {least} to {most}; 0.1 to 99.9 %: {first} to {last}; 1 to 99 %: {low} to {high}; 5 to 95 %: {five} to {ninety_five}; 25 to 75 %: {lower} to {upper}; median {middle}</source>
<translation>{name}：{least} 至 {most}；0.1 至 99.9 %：{first} 至 {last}；1 至 99 %：{low} 至 {high}；5 至 95 %：{five} 至 {ninety_five}；25 至 75 %：{lower} 至 {upper}；中位数 {middle}</translation>
</message>
</context>
<context>
<name>Reading</name>
<message>
<source>Looking for checkpoints of the run</source>
<translation>正在查找训练过程的检查点</translation>
</message>
<message>
<source>Reading the checkpoints of the run</source>
<translation>正在读取训练过程的检查点</translation>
</message>
</context>
<context>
<name>RecentRows</name>
<message>
<source>Open</source>
<translation>打开</translation>
</message>
<message>
<source>Compare with…</source>
<translation>选择比较对象…</translation>
</message>
<message>
<source>Show in folder</source>
<translation>在文件夹中显示</translation>
</message>
<message>
<source>Remove from this list</source>
<translation>从列表中移除</translation>
</message>
<message>
<source>not there now</source>
<translation>现在不存在</translation>
</message>
<message>
<source>Open {path}</source>
<translation>打开 {path}</translation>
</message>
<message>
<source>This file is no longer there</source>
<translation>该文件已不存在</translation>
</message>
<message>
<source>Today {time}</source>
<translation>今天 {time}</translation>
</message>
<message>
<source>Yesterday</source>
<translation>昨天</translation>
</message>
<message>
<source>d MMM</source>
<translation>M月d日</translation>
</message>
<message>
<source>d MMM yyyy</source>
<translation>yyyy年M月d日</translation>
</message>
</context>
<context>
<name>Records</name>
<message>
<source>stored</source>
<translation>未压缩</translation>
</message>
<message>
<source>deflated</source>
<translation>已压缩 (deflate)</translation>
</message>
</context>
<context>
<name>RelationTable</name>
<message>
<source>What</source>
<translation>内容</translation>
</message>
<message>
<source>In A</source>
<translation>A 中</translation>
</message>
<message>
<source>In B</source>
<translation>B 中</translation>
</message>
<message>
<source>How well it holds</source>
<translation>吻合程度</translation>
</message>
<message>
<source>Rests on</source>
<translation>依据</translation>
</message>
</context>
<context>
<name>Relations</name>
<message>
<source>Transposed</source>
<translation>转置</translation>
</message>
<message>
<source>Dimensions permuted</source>
<translation>维度置换</translation>
</message>
<message>
<source>Reshaped</source>
<translation>重塑</translation>
</message>
<message>
<source>Slices reordered</source>
<translation>切片重排</translation>
</message>
<message>
<source>Joined</source>
<translation>拼接</translation>
</message>
<message>
<source>Split</source>
<translation>拆分</translation>
</message>
<message>
<source>Stacked</source>
<translation>堆叠</translation>
</message>
<message>
<source>Unstacked</source>
<translation>拆堆</translation>
</message>
<message>
<source>Grown</source>
<translation>增长</translation>
</message>
<message>
<source>Cut</source>
<translation>截短</translation>
</message>
<message>
<source>Other name</source>
<translation>改名</translation>
</message>
<message>
<source>Cast</source>
<translation>转换类型</translation>
</message>
<message>
<source>Rounded</source>
<translation>舍入</translation>
</message>
<message>
<source>Multiplied</source>
<translation>缩放</translation>
</message>
<message>
<source>Zeroed in part</source>
<translation>部分置零</translation>
</message>
<message>
<source>Low-rank change</source>
<translation>低秩变化</translation>
</message>
<message>
<source>On a grid</source>
<translation>落在网格上</translation>
</message>
<message>
<source>Changed, alike</source>
<translation>已变，方向相近</translation>
</message>
<message>
<source>Unrelated</source>
<translation>无关</translation>
</message>
<message>
<source>Not told apart</source>
<translation>无法区分</translation>
</message>
<message>
<source>transposed as well</source>
<translation>并且转置</translation>
</message>
<message>
<source>exactly</source>
<translation>完全一致</translation>
</message>
<message>
<source>the same of its weight</source>
<translation>其权重的同样关系</translation>
</message>
<message>
<source>1 row</source>
<translation>1 行</translation>
</message>
<message>
<source>{n} rows</source>
<translation>{n} 行</translation>
</message>
<message>
<source>all hold one value</source>
<translation>全都是同一个值</translation>
</message>
<message>
<source>all hold the same values</source>
<translation>全都是相同的值</translation>
</message>
<message>
<source>their elements</source>
<translation>它们的元素</translation>
</message>
<message>
<source>1 element</source>
<translation>1 个元素</translation>
</message>
<message>
<source>all {n} elements</source>
<translation>全部 {n} 个元素</translation>
</message>
<message>
<source>relative distance {value}</source>
<translation>相对距离 {value}</translation>
</message>
<message>
<source>exactly {type}, to nearest</source>
<translation>正好是 {type}，就近舍入</translation>
</message>
<message>
<source>exactly {type}, towards zero</source>
<translation>正好是 {type}，向零舍入</translation>
</message>
<message>
<source>exactly times {factor}</source>
<translation>正好乘以 {factor}</translation>
</message>
<message>
<source>times {factor}, but for rounding</source>
<translation>乘以 {factor}，仅有舍入误差</translation>
</message>
<message>
<source>exactly, but for {share} that are zero in B</source>
<translation>完全一致，只有 {share} 在 B 中为零</translation>
</message>
<message>
<source>B − A has rank {rank}, but for rounding</source>
<translation>B − A 的秩为 {rank}，仅有舍入误差</translation>
</message>
<message>
<source>{n} values in blocks of {group}×{group}</source>
<translation>每个 {group}×{group} 的块最多 {n} 个值</translation>
</message>
<message>
<source>{n} values in all</source>
<translation>总共最多 {n} 个值</translation>
</message>
<message>
<source>{n} values in runs of {group} of a column</source>
<translation>列中每 {group} 个元素最多 {n} 个值</translation>
</message>
<message>
<source>{n} values a column</source>
<translation>每列最多 {n} 个值</translation>
</message>
<message>
<source>{n} values in runs of {group}</source>
<translation>每 {group} 个元素最多 {n} 个值</translation>
</message>
<message>
<source>{n} values a row</source>
<translation>每行最多 {n} 个值</translation>
</message>
</context>
<context>
<name>RelationsPanel</name>
<message>
<source>Relations between the files</source>
<translation>两个文件之间的关系</translation>
</message>
<message>
<source>What the edits come to</source>
<translation>修改的结果</translation>
</message>
<message>
<source>Kind of relation</source>
<translation>关系种类</translation>
</message>
<message>
<source>Filter:  q_proj   exactly   -bias</source>
<translation>筛选：  q_proj   完全   -bias</translation>
</message>
<message>
<source>Filter the relations</source>
<translation>筛选关系</translation>
</message>
<message>
<source>What edits are made of</source>
<translation>修改的来源</translation>
</message>
<message>
<source>Edits of A</source>
<translation>修改 A</translation>
</message>
<message>
<source>Edits of B</source>
<translation>修改 B</translation>
</message>
<message>
<source>Makes A&apos;s tensors what B has, as edits that wait to be saved</source>
<translation>把 A 的张量变成 B 中的样子，作为待保存的修改</translation>
</message>
<message>
<source>Makes B&apos;s tensors what A has, as edits that wait to be saved</source>
<translation>把 B 的张量变成 A 中的样子，作为待保存的修改</translation>
</message>
<message>
<source>Recipe</source>
<translation>配方</translation>
</message>
<message>
<source>Recipe: copy as a command, save</source>
<translation>配方：复制为命令、保存</translation>
</message>
<message>
<source>Copy as Command for {name}</source>
<translation>复制为 {name} 的命令</translation>
</message>
<message>
<source>Save Recipe for {name}…</source>
<translation>保存 {name} 的配方…</translation>
</message>
<message>
<source>Relations</source>
<translation>关系</translation>
</message>
<message>
<source>Listing the relations</source>
<translation>正在列出关系</translation>
</message>
<message>
<source>All kinds</source>
<translation>全部种类</translation>
</message>
<message>
<source>Seems: {what}. Concluded from {n} of {all} tensors.</source>
<translation>看来：{what}。由 {all} 个张量中的 {n} 个推断。</translation>
</message>
<message>
<source>Show the facts</source>
<translation>显示事实</translation>
</message>
<message>
<source>Among others {keys}</source>
<translation>其中包括 {keys}</translation>
</message>
<message>
<source>While edits wait, only what was found transposed, reshaped, joined or split before them is told; what was cast or changed is not.</source>
<translation>有待保存的编辑时，这里只列出编辑之前发现的转置、重塑、拼接和拆分；不列出类型转换和数值变化。</translation>
</message>
<message>
<source>None of the {n} relations fits the filter.</source>
<translation>{n} 个关系都不符合筛选条件。</translation>
</message>
<message>
<source>Relations are told once all values were read; not all were.</source>
<translation>读完所有数值后才能给出关系；现在尚未读完。</translation>
</message>
<message>
<source>Relations are looked for once the values are read.</source>
<translation>读完数值后查找关系。</translation>
</message>
<message>
<source>Nothing was found beyond what the pairs say: no tensor is another one transposed, reshaped, joined, split, cast or changed in a way that can be named.</source>
<translation>除配对所示之外没有其他发现：没有张量是另一个经转置、重塑、拼接、拆分、类型转换或其他可识别变化而来的。</translation>
</message>
<message>
<source>{n} selected</source>
<translation>已选 {n} 个</translation>
</message>
<message>
<source>all {n}</source>
<translation>全部 {n} 个</translation>
</message>
<message>
<source>{n} of {total} shown</source>
<translation>显示 {total} 个中的 {n} 个</translation>
</message>
<message>
<source>Show in the Tree</source>
<translation>在树中显示</translation>
</message>
<message>
<source>Copy</source>
<translation>复制</translation>
</message>
<message>
<source>Working out the edits</source>
<translation>正在计算修改</translation>
</message>
<message>
<source>No edit does this.</source>
<translation>没有修改能做到这一点。</translation>
</message>
<message>
<source>with them {done} of {of} tensors have the name, shape and type that they have in {name}</source>
<translation>修改后 {of} 个张量中有 {done} 个的名称、形状和类型与 {name} 中相同</translation>
</message>
<message>
<source>Copied.</source>
<translation>已复制。</translation>
</message>
<message>
<source>Save the recipe</source>
<translation>保存配方</translation>
</message>
<message>
<source>Recipes ({patterns})</source>
<translation>配方 ({patterns})</translation>
</message>
<message>
<source>Saved {path}.</source>
<translation>已保存 {path}。</translation>
</message>
<message>
<source>Saving the recipe</source>
<translation>正在保存配方</translation>
</message>
<message>
<source>No edit does this: {what}</source>
<translation>没有修改能做到：{what}</translation>
</message>
<message>
<source>and {n} more</source>
<translation>另有 {n} 项</translation>
</message>
</context>
<context>
<name>ReportCommands</name>
<message>
<source>Save the report of the file</source>
<translation>保存文件报告</translation>
</message>
<message>
<source>Save the report of the comparison</source>
<translation>保存比较报告</translation>
</message>
<message>
<source>Pages (*.html)</source>
<translation>网页 (*.html)</translation>
</message>
<message>
<source>PDF documents (*.pdf)</source>
<translation>PDF 文档 (*.pdf)</translation>
</message>
<message>
<source>{name} was written.</source>
<translation>已写入 {name}。</translation>
</message>
<message>
<source>Writing the report</source>
<translation>正在写报告</translation>
</message>
<message>
<source>Comparison</source>
<translation>比较</translation>
</message>
<message>
<source>Report</source>
<translation>报告</translation>
</message>
<message>
<source>Open it</source>
<translation>打开</translation>
</message>
<message>
<source>Close</source>
<translation>关闭</translation>
</message>
</context>
<context>
<name>ReportDialog</name>
<message>
<source>Report</source>
<translation>报告</translation>
</message>
<message>
<source>Report of {name}</source>
<translation>{name} 的报告</translation>
</message>
<message>
<source>What the file is, what was found in it, where its bytes are, its modules, and every tensor with its shape.</source>
<translation>文件是什么、发现了什么、字节分布在哪里、有哪些模块，以及每个张量及其形状。</translation>
</message>
<message>
<source>With minimum, maximum, mean and NaN of every tensor ({size} to read)</source>
<translation>包含每个张量的最小值、最大值、均值和 NaN（需读取 {size}）</translation>
</message>
<message>
<source>Cancel</source>
<translation>取消</translation>
</message>
<message>
<source>Print…</source>
<translation>打印…</translation>
</message>
<message>
<source>Save…</source>
<translation>保存…</translation>
</message>
</context>
<context>
<name>ResultPages</name>
<message>
<source>These values take {size}.</source>
<translation>这些数值占 {size}。</translation>
</message>
<message>
<source>They are read only when you ask, and you can stop at any time.</source>
<translation>只有在您要求时才会读取，并且可以随时停止。</translation>
</message>
<message>
<source>Stopped.</source>
<translation>已停止。</translation>
</message>
</context>
<context>
<name>RidgeDelegate</name>
<message>
<source>no finite value</source>
<translation>没有有限值</translation>
</message>
</context>
<context>
<name>RowReader</name>
<message>
<source>Reading values for the list</source>
<translation>正在为列表读取数值</translation>
</message>
</context>
<context>
<name>RulesPanel</name>
<message>
<source>Names were paired by</source>
<translation>名称配对依据</translation>
</message>
<message>
<source>Could be meant, and is not applied</source>
<translation>可能适用，但未采用</translation>
</message>
<message>
<source>Switched off by you</source>
<translation>已被您关闭</translation>
</message>
<message>
<source>and {n} more</source>
<translation>另有 {n} 项</translation>
</message>
<message>
<source>Every tensor that has a partner has the same name in both files.</source>
<translation>每个有对应的张量在两个文件中的名称都相同。</translation>
</message>
<message>
<source>Switch it off to pair the names without it</source>
<translation>关闭后，不用它配对名称</translation>
</message>
<message>
<source>Switch it on to pair the names with it</source>
<translation>开启后，用它配对名称</translation>
</message>
<message>
<source>Give the names of the other file</source>
<translation>采用另一文件的名称</translation>
</message>
<message>
<source>to A</source>
<translation>用于 A</translation>
</message>
<message>
<source>to B</source>
<translation>用于 B</translation>
</message>
<message>
<source>Would it load into the other&apos;s model?</source>
<translation>能加载到对方的模型吗？</translation>
</message>
<message>
<source>A into B</source>
<translation>A 加载到 B</translation>
</message>
<message>
<source>B into A</source>
<translation>B 加载到 A</translation>
</message>
</context>
<context>
<name>Run</name>
<message>
<source>epoch {n}</source>
<translation>第 {n} 轮</translation>
</message>
<message>
<source>step {n}</source>
<translation>第 {n} 步</translation>
</message>
<message>
<source>{name} cannot be read: {why}</source>
<translation>{name} 无法读取：{why}</translation>
</message>
<message>
<source>from zero</source>
<translation>从零开始</translation>
</message>
<message>
<source>infinite</source>
<translation>无穷大</translation>
</message>
<message>
<source>change {share}</source>
<translation>变化 {share}</translation>
</message>
<message>
<source>estimated to ±{share}</source>
<translation>估算，误差 ±{share}</translation>
</message>
<message>
<source>norm {value}</source>
<translation>范数 {value}</translation>
</message>
<message>
<source>could not be read</source>
<translation>无法读取</translation>
</message>
<message>
<source>another shape than at first</source>
<translation>形状与最初不同</translation>
</message>
<message>
<source>{names} and {n} more</source>
<translation>{names} 等，另有 {n} 个</translation>
</message>
<message>
<source>infinity</source>
<translation>无穷大</translation>
</message>
<message>
<source>First {kind} in {where}: {names}.</source>
<translation>{kind} 首次出现于 {where}：{names}。</translation>
</message>
<message>
<source>The last file without is {where}.</source>
<translation>最后一个没有它的文件是 {where}。</translation>
</message>
<message>
<source>Diverged at {where}: {group} grew {times}×, where {usual} a step was usual.</source>
<translation>在 {where} 发散：{group} 增大到 {times} 倍，平时每步变化 {usual}。</translation>
</message>
<message>
<source>Diverged at {where}: {group} moved by {change}, where {usual} a step was usual.</source>
<translation>在 {where} 发散：{group} 变化了 {change}，平时每步变化 {usual}。</translation>
</message>
<message>
<source>It is NaN from {where}.</source>
<translation>从 {where} 起为 NaN。</translation>
</message>
<message>
<source>The learning rate rose from {before} to {value} at {where}.</source>
<translation>学习率在 {where} 从 {before} 升到 {value}。</translation>
</message>
<message>
<source>{metric} is no number in {where}.</source>
<translation>{metric} 在 {where} 不是数。</translation>
</message>
<message>
<source>{metric} rose from {before} to {value} at {where}.</source>
<translation>{metric} 在 {where} 从 {before} 升到 {value}。</translation>
</message>
<message>
<source>Frozen throughout: {names}.</source>
<translation>始终冻结：{names}。</translation>
</message>
<message>
<source>Frozen since {where}: {names}.</source>
<translation>自 {where} 起冻结：{names}。</translation>
</message>
<message>
<source>No weight changed in any of them.</source>
<translation>所有检查点的权重都没有变化。</translation>
</message>
<message>
<source>No weight changed since {where}.</source>
<translation>自 {where} 起权重没有变化。</translation>
</message>
<message>
<source>Best by {metric}: {where} with {value}.</source>
<translation>按 {metric} 最佳：{where}，{value}。</translation>
</message>
<message>
<source>It has NaN or infinity in {names}.</source>
<translation>其中 {names} 有 NaN 或无穷大。</translation>
</message>
<message>
<source>{average} lags: in {where} it is nearest to the weights of {earlier}.</source>
<translation>{average} 滞后：在 {where}，它最接近 {earlier} 的权重。</translation>
</message>
<message>
<source>{a} holds the same weights as {b}.</source>
<translation>{a} 与 {b} 的权重相同。</translation>
</message>
<message>
<source>{n} of {total} tensors could not be read, first in {where}.</source>
<translation>{total} 个张量中有 {n} 个无法读取，首次出现于 {where}。</translation>
</message>
</context>
<context>
<name>RunCommands</name>
<message>
<source>Save the mean of the weights</source>
<translation>保存权重的平均值</translation>
</message>
<message>
<source>Averaging the weights</source>
<translation>正在计算权重的平均值</translation>
</message>
<message>
<source>The two that are least alike have a cosine of {cosine}.</source>
<translation>最不相似的两个检查点的余弦为 {cosine}。</translation>
</message>
<message>
<source>How alike {n} of {all} pairs are cannot be told.</source>
<translation>{all} 对中有 {n} 对无法判断相似程度。</translation>
</message>
<message>
<source>They hardly come from one run: their mean is likely no model.</source>
<translation>它们不太可能来自同一次训练：其平均值很可能不是可用的模型。</translation>
</message>
<message>
<source>Mean of the weights</source>
<translation>权重的平均值</translation>
</message>
<message>
<source>Saved as {name}.</source>
<translation>已保存为 {name}。</translation>
</message>
</context>
<context>
<name>RunModel</name>
<message>
<source>infinite</source>
<translation>无穷大</translation>
</message>
<message>
<source>not said</source>
<translation>未说明</translation>
</message>
</context>
<context>
<name>RunPage</name>
<message>
<source>Training run</source>
<translation>训练过程</translation>
</message>
<message>
<source>Progress</source>
<translation>进度</translation>
</message>
<message>
<source>Stop</source>
<translation>停止</translation>
</message>
<message>
<source>Watch the folder</source>
<translation>监视文件夹</translation>
</message>
<message>
<source>Takes up checkpoints that a running training writes, once they are whole</source>
<translation>正在进行的训练写出的检查点一旦完整，就会被加入</translation>
</message>
<message>
<source>Back to the files</source>
<translation>返回文件</translation>
</message>
<message>
<source>More</source>
<translation>更多</translation>
</message>
<message>
<source>Other numbers that the checkpoints say</source>
<translation>检查点中的其他数值</translation>
</message>
<message>
<source>By what the best checkpoint is the best</source>
<translation>按什么评选最佳检查点</translation>
</message>
<message>
<source>Change</source>
<translation>变化</translation>
</message>
<message>
<source>Norm</source>
<translation>范数</translation>
</message>
<message>
<source>Std</source>
<translation>标准差</translation>
</message>
<message>
<source>NaN</source>
<translation>NaN</translation>
</message>
<message>
<source>Rows</source>
<translation>行</translation>
</message>
<message>
<source>How finely the model is taken apart</source>
<translation>模型拆分的细致程度</translation>
</message>
<message>
<source>Table</source>
<translation>表格</translation>
</message>
<message>
<source>The numbers as a table, with the metrics</source>
<translation>以表格显示数值，包括指标</translation>
</message>
<message>
<source>Checkpoint {letter}</source>
<translation>检查点 {letter}</translation>
</message>
<message>
<source>Average the last {n}…</source>
<translation>平均最后 {n} 个…</translation>
</message>
<message>
<source>Save as table…</source>
<translation>另存为表格…</translation>
</message>
<message>
<source>Compare A and B</source>
<translation>比较 A 和 B</translation>
</message>
<message>
<source>Checkpoints and Their Metrics…</source>
<translation>检查点及其指标…</translation>
</message>
<message>
<source>Parts of the Model…</source>
<translation>模型的各部分…</translation>
</message>
<message>
<source>Each Tensor in Each Checkpoint…</source>
<translation>每个检查点中的每个张量…</translation>
</message>
<message>
<source>1 checkpoint, {name} · {size}</source>
<translation>1 个检查点，{name} · {size}</translation>
</message>
<message>
<source>{n} checkpoints, {first} … {last} · {size}</source>
<translation>{n} 个检查点，{first} … {last} · {size}</translation>
</message>
<message>
<source>{n} left out: {names}</source>
<translation>略去 {n} 个：{names}</translation>
</message>
<message>
<source>Show this checkpoint</source>
<translation>显示此检查点</translation>
</message>
<message>
<source>Open {name}</source>
<translation>打开 {name}</translation>
</message>
<message>
<source>Open the last checkpoint that is whole</source>
<translation>打开最后一个完好的检查点</translation>
</message>
<message>
<source>{n} more</source>
<translation>另有 {n} 条</translation>
</message>
<message>
<source>The one that says most</source>
<translation>最有说服力的一项</translation>
</message>
<message>
<source>Best by {metric}</source>
<translation>按 {metric} 最佳</translation>
</message>
<message>
<source>Parts of the model</source>
<translation>模型的各部分</translation>
</message>
<message>
<source>Finer parts</source>
<translation>更细的部分</translation>
</message>
<message>
<source>Finest parts</source>
<translation>最细的部分</translation>
</message>
<message>
<source>Each tensor</source>
<translation>逐个张量</translation>
</message>
<message>
<source>Putting tensors together</source>
<translation>正在归并张量</translation>
</message>
<message>
<source>{n} of {total} read</source>
<translation>已读 {n} / {total}</translation>
</message>
<message>
<source>Stopped: {n} of {total} read</source>
<translation>已停止：已读 {n} / {total}</translation>
</message>
<message>
<source>{name} is being written</source>
<translation>{name} 正在写入</translation>
</message>
<message>
<source>Waiting for the next</source>
<translation>等待下一个</translation>
</message>
<message>
<source>{name}: its values in every checkpoint, the middle half dark</source>
<translation>{name}：各检查点中的值，深色为中间一半</translation>
</message>
<message>
<source>Reading the values of one tensor</source>
<translation>正在读取一个张量的值</translation>
</message>
<message>
<source>, cut beyond ±{limit}</source>
<translation>，±{limit} 以外截去</translation>
</message>
<message>
<source>CSV tables (*.csv)</source>
<translation>CSV 表格 (*.csv)</translation>
</message>
<message>
<source>TSV tables (*.tsv)</source>
<translation>TSV 表格 (*.tsv)</translation>
</message>
<message>
<source>JSON (*.json)</source>
<translation>JSON (*.json)</translation>
</message>
<message>
<source>HTML pages (*.html)</source>
<translation>HTML 页面 (*.html)</translation>
</message>
<message>
<source>Save as table</source>
<translation>另存为表格</translation>
</message>
<message>
<source>Saved {path}</source>
<translation>已保存 {path}</translation>
</message>
<message>
<source>Saving the table</source>
<translation>正在保存表格</translation>
</message>
<message>
<source>Go on</source>
<translation>继续</translation>
</message>
</context>
<context>
<name>RunTable</name>
<message>
<source>Numbers of the run</source>
<translation>训练运行的数值</translation>
</message>
</context>
<context>
<name>SaveAll</name>
<message>
<source>{why} Save it by itself.</source>
<translation>{why}请单独保存它。</translation>
</message>
<message>
<source>It names code that is not known here. Save it by itself, and say of each name whether it is kept.</source>
<translation>它引用了此处未知的代码。请单独保存它，并逐个名称说明是否保留。</translation>
</message>
<message>
<source>There is not enough room: {size} are free.</source>
<translation>空间不足：剩余 {size}。</translation>
</message>
<message>
<source>Save All</source>
<translation>全部保存</translation>
</message>
<message>
<source>Save all files with pending edits</source>
<translation>保存所有有待保存修改的文件</translation>
</message>
<message>
<source>Each is saved where Save would: in place of the file that is open, which stays until the new one is whole and read back. A file that would lose something is only saved if you tick it.</source>
<translation>每个文件都保存到“保存”命令的位置：替换打开的文件；在新文件完整写好并读回之前，旧文件保持不变。会丢失内容的文件，只有勾选后才会保存。</translation>
</message>
<message>
<source>What is written of each file</source>
<translation>每个文件写入的内容</translation>
</message>
<message>
<source>File</source>
<translation>文件</translation>
</message>
<message>
<source>What is written</source>
<translation>写入的内容</translation>
</message>
<message>
<source>Progress of saving</source>
<translation>保存进度</translation>
</message>
<message>
<source>Cancel</source>
<translation>取消</translation>
</message>
<message>
<source>Save</source>
<translation>保存</translation>
</message>
<message>
<source>Working out what is written …</source>
<translation>正在计算写入的内容…</translation>
</message>
<message>
<source>Working out what is written</source>
<translation>正在计算写入的内容</translation>
</message>
<message>
<source>Another of these would have the same name. Save it by itself.</source>
<translation>其中另一个文件会使用相同的名称。请单独保存它。</translation>
</message>
<message>
<source>its edits cannot be applied, or not yet</source>
<translation>其修改无法应用，或尚未应用</translation>
</message>
<message>
<source>{size} are written into the file</source>
<translation>向文件中写入 {size}</translation>
</message>
<message>
<source>{size}, in place of the file</source>
<translation>{size}，替换原文件</translation>
</message>
<message>
<source>{size}, as {name} beside it</source>
<translation>{size}，在旁边另存为 {name}</translation>
</message>
<message>
<source>one thing is lost</source>
<translation>有一项会丢失</translation>
</message>
<message>
<source>{n} things are lost</source>
<translation>有 {n} 项会丢失</translation>
</message>
<message>
<source>… and {n} more</source>
<translation>……还有 {n} 项</translation>
</message>
<message>
<source>Save 1 File</source>
<translation>保存 1 个文件</translation>
</message>
<message>
<source>Save {n} Files</source>
<translation>保存 {n} 个文件</translation>
</message>
<message>
<source>{n} of {of} files are chosen, {size} to write and to read back.</source>
<translation>已选择 {n} / {of} 个文件，需写入并读回 {size}。</translation>
</message>
<message>
<source>Saving all files</source>
<translation>正在保存所有文件</translation>
</message>
<message>
<source>Saving {name} ({n} of {of})</source>
<translation>正在保存 {name}（{n} / {of}）</translation>
</message>
<message>
<source>1 file is saved</source>
<translation>已保存 1 个文件</translation>
</message>
<message>
<source>{n} files are saved</source>
<translation>已保存 {n} 个文件</translation>
</message>
<message>
<source>Nothing was saved</source>
<translation>没有保存任何文件</translation>
</message>
<message>
<source>What was written was read back; of what was changed in place all other bytes stay where they were.</source>
<translation>写入的内容已读回；就地修改的文件中其余字节保持原位。</translation>
</message>
<message>
<source>Every byte was read back and compared.</source>
<translation>每个字节都已读回并比较。</translation>
</message>
<message>
<source>1 is not: it is as it was, and its edits wait as before.</source>
<translation>有 1 个未保存：它保持原样，其修改仍待保存。</translation>
</message>
<message>
<source>{n} are not: they are as they were, and their edits wait as before.</source>
<translation>有 {n} 个未保存：它们保持原样，其修改仍待保存。</translation>
</message>
<message>
<source>What came of it</source>
<translation>结果</translation>
</message>
<message>
<source>Close</source>
<translation>关闭</translation>
</message>
<message>
<source>It was stopped before.</source>
<translation>在它之前已停止。</translation>
</message>
<message>
<source>saved, {size}</source>
<translation>已保存，{size}</translation>
</message>
<message>
<source>changed in place, {size} were written</source>
<translation>已就地修改，写入 {size}</translation>
</message>
<message>
<source>Stopping …</source>
<translation>正在停止…</translation>
</message>
<message>
<source>Something else would be lost than was told. Save it by itself.</source>
<translation>将丢失的内容与先前告知的不同。请单独保存它。</translation>
</message>
</context>
<context>
<name>SaveDialog</name>
<message>
<source>Save</source>
<translation>保存</translation>
</message>
<message>
<source>Save {name}</source>
<translation>保存 {name}</translation>
</message>
<message>
<source>File</source>
<translation>文件</translation>
</message>
<message>
<source>Browse…</source>
<translation>浏览…</translation>
</message>
<message>
<source>Choose where to save</source>
<translation>选择保存位置</translation>
</message>
<message>
<source>Format</source>
<translation>格式</translation>
</message>
<message>
<source>As the name says</source>
<translation>由名称决定</translation>
</message>
<message>
<source>PyTorch</source>
<translation>PyTorch</translation>
</message>
<message>
<source>PyTorch before 1.6</source>
<translation>PyTorch 1.6 之前</translation>
</message>
<message>
<source>safetensors in several files</source>
<translation>safetensors，分为多个文件</translation>
</message>
<message>
<source>TorchScript archive</source>
<translation>TorchScript 归档</translation>
</message>
<message>
<source>Size of each file</source>
<translation>每个文件的大小</translation>
</message>
<message>
<source>of at most</source>
<translation>不超过</translation>
</message>
<message>
<source>Have torch or safetensors read the new file, too</source>
<translation>另用 torch 或 safetensors 读取新文件</translation>
</message>
<message>
<source>Every byte is read back and compared in any case.</source>
<translation>无论如何都会读回并比较每个字节。</translation>
</message>
<message>
<source>Change the file itself, without copying the tensors</source>
<translation>直接修改文件本身，不复制张量</translation>
</message>
<message>
<source>Possible where only names, devices, metadata and plain values change. What is overwritten is written down first: a save that is interrupted is taken back.</source>
<translation>仅当只有名称、设备、元数据和普通值变化时可行。被覆盖的内容会先记录下来：中断的保存会被撤回。</translation>
</message>
<message>
<source>It keeps its contents under the other name. Nothing that has that name already is replaced.</source>
<translation>它以另一个名称保留原有内容。已有该名称的文件不会被替换。</translation>
</message>
<message>
<source>What will be written</source>
<translation>将要写入的内容</translation>
</message>
<message>
<source>Cancel</source>
<translation>取消</translation>
</message>
<message>
<source>Progress of saving</source>
<translation>保存进度</translation>
</message>
<message>
<source>Cancel saving</source>
<translation>取消保存</translation>
</message>
<message>
<source>Save the checkpoint</source>
<translation>保存检查点</translation>
</message>
<message>
<source>the file has no name yet</source>
<translation>文件还没有名称</translation>
</message>
<message>
<source>Planning</source>
<translation>正在规划</translation>
</message>
<message>
<source>Keep the old file as {name}</source>
<translation>将旧文件保留为 {name}</translation>
</message>
<message>
<source>There is not enough room: {size} are free.</source>
<translation>空间不足：可用 {size}。</translation>
</message>
<message>
<source>Make room, or save to another disk.</source>
<translation>请腾出空间，或保存到另一磁盘。</translation>
</message>
<message>
<source>Allowed: {what}</source>
<translation>已允许：{what}</translation>
</message>
<message>
<source>Replace</source>
<translation>替换</translation>
</message>
<message>
<source>Saving {name}</source>
<translation>正在保存 {name}</translation>
</message>
<message>
<source>{size} to write and to read back</source>
<translation>{size} 要写入并读回</translation>
</message>
<message>
<source>What is there now stays until the new file is whole and verified.</source>
<translation>在新文件完整并验证之前，现有内容保持不变。</translation>
</message>
<message>
<source>What is overwritten is written down first: a save that is interrupted is taken back.</source>
<translation>被覆盖的内容会先记录下来：中断的保存会被撤回。</translation>
</message>
<message>
<source>Writing</source>
<translation>正在写入</translation>
</message>
<message>
<source>Reading it back</source>
<translation>正在读回</translation>
</message>
<message>
<source>Saving was cancelled. Nothing was changed.</source>
<translation>保存已取消。没有任何改动。</translation>
</message>
<message>
<source>Replace the link by the new file</source>
<translation>用新文件替换该链接</translation>
</message>
<message>
<source>Part this name from the others</source>
<translation>使此名称与其他名称分离</translation>
</message>
<message>
<source>Replace it although it is read-only</source>
<translation>尽管只读，仍然替换</translation>
</message>
<message>
<source>the file is gone, or another than it was when it was opened</source>
<translation>文件已不存在，或已不是打开时的那个文件</translation>
</message>
<message>
<source>Reload it first: the edits are kept, and made again.</source>
<translation>请先重新加载：修改会保留，并会再次应用。</translation>
</message>
<message>
<source>What to do</source>
<translation>解决办法</translation>
</message>
<message>
<source>Save under another name, or say that it is meant.</source>
<translation>请用其他名称保存，或确认这是有意的。</translation>
</message>
<message>
<source>One thing is lost</source>
<translation>有一项会丢失</translation>
</message>
<message>
<source>{n} things are lost</source>
<translation>有 {n} 项会丢失</translation>
</message>
<message>
<source>{count}: {format} cannot hold all of it.</source>
<translation>{count}：{format} 无法容纳全部内容。</translation>
</message>
<message>
<source>… and {n} more</source>
<translation>… 另有 {n} 项</translation>
</message>
<message>
<source>What is lost</source>
<translation>会丢失的内容</translation>
</message>
<message>
<source>Write anyway, without these</source>
<translation>舍弃这些，仍然写入</translation>
</message>
<message>
<source>The file names code that is not known here. Keep or drop each.</source>
<translation>文件中有此处不认识的代码名称。请逐一选择保留或移除。</translation>
</message>
<message>
<source>Kept, it is written as it is and nothing runs until somebody loads the file outside this program. Dropped, what it stands for is left out.</source>
<translation>保留：按原样写入，在本程序之外加载该文件之前不会运行任何内容。移除：其代表的内容被舍去。</translation>
</message>
<message>
<source>Name</source>
<translation>名称</translation>
</message>
<message>
<source>Choose…</source>
<translation>选择…</translation>
</message>
<message>
<source>Keep</source>
<translation>保留</translation>
</message>
<message>
<source>Drop</source>
<translation>移除</translation>
</message>
<message>
<source>Keep All</source>
<translation>全部保留</translation>
</message>
<message>
<source>Drop All</source>
<translation>全部移除</translation>
</message>
<message>
<source>{size} in {n} files</source>
<translation>{n} 个文件，共 {size}</translation>
</message>
<message>
<source>nothing: {size} are written into the file that is open, its tensors stay where they are</source>
<translation>无：向已打开的文件写入 {size}，其张量保持原位</translation>
</message>
<message>
<source>nothing: the name is free</source>
<translation>无：此名称未被占用</translation>
</message>
<message>
<source>the file that is open, {size}</source>
<translation>已打开的文件，{size}</translation>
</message>
<message>
<source>the file there now, {size}</source>
<translation>现有的文件，{size}</translation>
</message>
<message>
<source>{n} of {all}</source>
<translation>{all} 个中的 {n} 个</translation>
</message>
<message>
<source>{n}, instead of {all}</source>
<translation>{n} 个（原为 {all} 个）</translation>
</message>
<message>
<source>Tensors</source>
<translation>张量</translation>
</message>
<message>
<source>Size</source>
<translation>大小</translation>
</message>
<message>
<source>Opened file</source>
<translation>打开的文件</translation>
</message>
<message>
<source>Free space</source>
<translation>可用空间</translation>
</message>
<message>
<source>Replaces</source>
<translation>将替换</translation>
</message>
<message>
<source>Good to know</source>
<translation>提示</translation>
</message>
<message>
<source>Note</source>
<translation>说明</translation>
</message>
</context>
<context>
<name>SavedBanner</name>
<message>
<source>Put the message away</source>
<translation>收起此消息</translation>
</message>
<message>
<source>{size} in {n} files</source>
<translation>{n} 个文件，共 {size}</translation>
</message>
<message>
<source>Saved {tensors}, {where}. Every byte was read back and compared ({time}).</source>
<translation>已保存 {tensors}，{where}。每个字节都已读回并比较（{time}）。</translation>
</message>
<message>
<source>Changed in place: {size} were written and read back, the bytes of {tensors} stay where they were ({time}).</source>
<translation>已就地修改：写入并读回 {size}，{tensors}的字节保持原位（{time}）。</translation>
</message>
</context>
<context>
<name>SearchBox</name>
<message>
<source>Filter:  q_proj   *.weight   shape:64x3   dtype:bf16   &gt;10MB   -bias</source>
<translation>筛选：  q_proj   *.weight   shape:64x3   dtype:bf16   &gt;10MB   -bias</translation>
</message>
<message>
<source>Find:  q_proj   *.weight   shape:64x3   dtype:bf16   &gt;10MB   -bias</source>
<translation>查找：  q_proj   *.weight   shape:64x3   dtype:bf16   &gt;10MB   -bias</translation>
</message>
<message>
<source>Filter the keys</source>
<translation>筛选键</translation>
</message>
<message>
<source>Find keys</source>
<translation>查找键</translation>
</message>
<message>
<source>keys that hold every word</source>
<translation>包含每个词的键</translation>
</message>
<message>
<source>whole keys, with * and ?</source>
<translation>整个键，可用 * 和 ?</translation>
</message>
<message>
<source>a dimension is 4096</source>
<translation>某一维为 4096</translation>
</message>
<message>
<source>the whole shape</source>
<translation>完整的形状</translation>
</message>
<message>
<source>the element type</source>
<translation>元素类型</translation>
</message>
<message>
<source>the stored device</source>
<translation>保存的设备</translation>
</message>
<message>
<source>how it is packed</source>
<translation>打包方式</translation>
</message>
<message>
<source>the size of a tensor</source>
<translation>张量的大小</translation>
</message>
<message>
<source>not this</source>
<translation>排除</translation>
</message>
<message>
<source>exactly this text</source>
<translation>完全一致的文本</translation>
</message>
<message>
<source>Write shapes like shape:4096 or shape:64x3x7x7.</source>
<translation>形状写法如 shape:4096 或 shape:64x3x7x7。</translation>
</message>
<message>
<source>Write types like dtype:bf16, dtype:float32 or dtype:int8.</source>
<translation>类型写法如 dtype:bf16、dtype:float32 或 dtype:int8。</translation>
</message>
<message>
<source>Write devices like device:cpu or device:cuda:0.</source>
<translation>设备写法如 device:cpu 或 device:cuda:0。</translation>
</message>
<message>
<source>Write schemes like scheme:gptq, scheme:nf4 or scheme:mlx.</source>
<translation>打包方式写作 scheme:gptq、scheme:nf4 或 scheme:mlx。</translation>
</message>
<message>
<source>Write bits like bits:4 or bits:8.</source>
<translation>位数写作 bits:4 或 bits:8。</translation>
</message>
<message>
<source>Write sizes like &gt;10MB, &lt;1K or &gt;=2GiB.</source>
<translation>大小写法如 &gt;10MB、&lt;1K 或 &gt;=2GiB。</translation>
</message>
<message>
<source>{term} is not understood.</source>
<translation>无法理解 {term}。</translation>
</message>
</context>
<context>
<name>SeenAsBar</name>
<message>
<source>See it as stored</source>
<translation>恢复原样</translation>
</message>
<message>
<source>Stored numbers</source>
<translation>保存的数</translation>
</message>
<message>
<source>See the stored bytes as another type and shape. The file stays as it is.</source>
<translation>把保存的字节看作另一种类型和形状。文件保持不变。</translation>
</message>
<message>
<source>As stored</source>
<translation>原样</translation>
</message>
<message>
<source>Seen as {type}</source>
<translation>看作 {type}</translation>
</message>
<message>
<source>As stored: {type}</source>
<translation>原样：{type}</translation>
</message>
<message>
<source>Floating point</source>
<translation>浮点</translation>
</message>
<message>
<source>Integers</source>
<translation>整数</translation>
</message>
<message>
<source>Narrower than a byte</source>
<translation>不足一个字节</translation>
</message>
<message>
<source>What the bytes are seen as</source>
<translation>字节看作的类型</translation>
</message>
<message>
<source>Shape</source>
<translation>形状</translation>
</message>
<message>
<source>Which bits of a byte come first</source>
<translation>字节中哪些位在前</translation>
</message>
<message>
<source>Low bits first</source>
<translation>低位在前</translation>
</message>
<message>
<source>High bits first</source>
<translation>高位在前</translation>
</message>
<message>
<source>S&amp;hape</source>
<translation>形状(&amp;H)</translation>
</message>
<message>
<source>Values they stand for</source>
<translation>所代表的值</translation>
</message>
<message>
<source>Stored integers</source>
<translation>保存的整数</translation>
</message>
<message>
<source>Of packed tensors</source>
<translation>打包张量</translation>
</message>
</context>
<context>
<name>Sides</name>
<message>
<source>File A</source>
<translation>文件 A</translation>
</message>
<message>
<source>File B</source>
<translation>文件 B</translation>
</message>
<message>
<source>State dict of A</source>
<translation>A 的状态字典</translation>
</message>
<message>
<source>State dict of B</source>
<translation>B 的状态字典</translation>
</message>
<message>
<source>Exchange A and B</source>
<translation>交换 A 和 B</translation>
</message>
<message>
<source>Exchange A and B (Alt+\)</source>
<translation>交换 A 和 B (Alt+\)</translation>
</message>
<message>
<source>Back to the files</source>
<translation>返回文件</translation>
</message>
<message>
<source>The comparison stays; Ctrl+D shows it again</source>
<translation>比较会保留；Ctrl+D 可再次显示</translation>
</message>
<message>
<source>End the comparison</source>
<translation>结束比较</translation>
</message>
<message>
<source>{name}  (found)</source>
<translation>{name}  （自动）</translation>
</message>
<message>
<source>whole file</source>
<translation>整个文件</translation>
</message>
<message>
<source>(root)</source>
<translation>（根）</translation>
</message>
</context>
<context>
<name>SignalStrip</name>
<message>
<source>Runs commands if it is loaded:</source>
<translation>加载时会运行命令：</translation>
</message>
<message>
<source>Calls unknown code if it is loaded:</source>
<translation>加载时会调用未知代码：</translation>
</message>
<message>
<source>Cut short:</source>
<translation>被截断：</translation>
</message>
<message>
<source>Broken:</source>
<translation>已损坏：</translation>
</message>
<message>
<source>1 value is no finite number:</source>
<translation>1 个值不是有限数：</translation>
</message>
<message>
<source>{n} values are no finite numbers:</source>
<translation>{n} 个值不是有限数：</translation>
</message>
<message>
<source>{what} to load:</source>
<translation>加载时{what}：</translation>
</message>
<message>
<source>torch.load refuses it:</source>
<translation>torch.load 拒绝加载：</translation>
</message>
<message>
<source>1 tensor is all zero:</source>
<translation>1 个张量全为零：</translation>
</message>
<message>
<source>{n} tensors are all zero:</source>
<translation>{n} 个张量全为零：</translation>
</message>
<message>
<source>Only tensors and plain values:</source>
<translation>只有张量和普通值：</translation>
</message>
<message>
<source>{what}:</source>
<translation>{what}：</translation>
</message>
<message>
<source>loads with weights_only=True.</source>
<translation>可用 weights_only=True 加载。</translation>
</message>
<message>
<source>nothing in it can run.</source>
<translation>其中没有可运行的内容。</translation>
</message>
<message>
<source>{n} of {all} tensors are not whole.</source>
<translation>{n} / {all} 个张量不完整。</translation>
</message>
<message>
<source>{names} and {n} more</source>
<translation>{names} 等，另有 {n} 个</translation>
</message>
<message>
<source>Show where</source>
<translation>显示位置</translation>
</message>
<message>
<source>Show all</source>
<translation>全部显示</translation>
</message>
<message>
<source>Go to the first</source>
<translation>转到第一个</translation>
</message>
<message>
<source>Keep what is whole</source>
<translation>保留完整的部分</translation>
</message>
<message>
<source>{n} of {all} tensors read</source>
<translation>已读取 {n} / {all} 个张量</translation>
</message>
<message>
<source>{tensors}: no NaN, no infinity</source>
<translation>{tensors}：没有 NaN，没有无穷大</translation>
</message>
<message>
<source>values not read yet</source>
<translation>数值尚未读取</translation>
</message>
<message>
<source>values not read</source>
<translation>数值未读取</translation>
</message>
<message>
<source>Check for NaN</source>
<translation>检查 NaN</translation>
</message>
<message>
<source>Put the message away</source>
<translation>收起此消息</translation>
</message>
</context>
<context>
<name>Signals</name>
<message>
<source>Nothing to report</source>
<translation>没有需要报告的问题</translation>
</message>
<message>
<source>1 edit</source>
<translation>1 项修改</translation>
</message>
<message>
<source>{n} edits</source>
<translation>{n} 项修改</translation>
</message>
<message>
<source>Runs commands</source>
<translation>会运行命令</translation>
</message>
<message>
<source>Calls unknown code</source>
<translation>调用未知代码</translation>
</message>
<message>
<source>Cut short</source>
<translation>被截断</translation>
</message>
<message>
<source>{n} broken</source>
<translation>{n} 个损坏</translation>
</message>
<message>
<source>Needs 1 class</source>
<translation>需要 1 个类</translation>
</message>
<message>
<source>Needs {n} classes</source>
<translation>需要 {n} 个类</translation>
</message>
<message>
<source>Not for weights_only</source>
<translation>不支持 weights_only</translation>
</message>
<message>
<source>{n} all 0</source>
<translation>{n} 个全为 0</translation>
</message>
<message>
<source>runs code when it is loaded</source>
<translation>加载时会运行代码</translation>
</message>
<message>
<source>broken</source>
<translation>已损坏</translation>
</message>
<message>
<source>NaN or infinite values</source>
<translation>NaN 或无穷大</translation>
</message>
<message>
<source>something is wrong</source>
<translation>有问题</translation>
</message>
<message>
<source>needs its classes</source>
<translation>需要相应的类</translation>
</message>
<message>
<source>all zero</source>
<translation>全为零</translation>
</message>
<message>
<source>something is odd</source>
<translation>有异常</translation>
</message>
<message>
<source>edited</source>
<translation>已修改</translation>
</message>
<message>
<source>changed on disk just now</source>
<translation>刚刚在磁盘上更改</translation>
</message>
<message>
<source>new on disk</source>
<translation>磁盘上新增</translation>
</message>
<message>
<source>nothing to report</source>
<translation>没有需要报告的问题</translation>
</message>
<message>
<source>{n} NaN</source>
<translation>{n} 个 NaN</translation>
</message>
<message>
<source>{n} Inf</source>
<translation>{n} 个 Inf</translation>
</message>
<message>
<source>{n} NaN, Inf</source>
<translation>{n} 个 NaN、Inf</translation>
</message>
<message>
<source>all 0</source>
<translation>全为 0</translation>
</message>
</context>
<context>
<name>SliceControls</name>
<message>
<source>Rows</source>
<translation>行</translation>
</message>
<message>
<source>Columns</source>
<translation>列</translation>
</message>
<message>
<source>Elements in a row</source>
<translation>一行的元素</translation>
</message>
<message>
<source>Layout</source>
<translation>布局</translation>
</message>
<message>
<source>Kernels one by one</source>
<translation>逐个卷积核</translation>
</message>
<message>
<source>Kernels side by side</source>
<translation>卷积核并排</translation>
</message>
<message>
<source>Planes side by side</source>
<translation>平面并排</translation>
</message>
<message>
<source>One slice</source>
<translation>单个切片</translation>
</message>
<message>
<source>dim {n} ({size})</source>
<translation>维 {n} ({size})</translation>
</message>
<message>
<source>dim {n}</source>
<translation>维 {n}</translation>
</message>
<message>
<source>input</source>
<translation>输入</translation>
</message>
<message>
<source>input {n} of {all}</source>
<translation>输入 {n} / 共 {all}</translation>
</message>
<message>
<source>&amp;Layout</source>
<translation>布局(&amp;L)</translation>
</message>
<message>
<source>&amp;Rows</source>
<translation>行(&amp;R)</translation>
</message>
<message>
<source>&amp;Columns</source>
<translation>列(&amp;C)</translation>
</message>
<message>
<source>&amp;Elements in a row</source>
<translation>一行的元素(&amp;E)</translation>
</message>
</context>
<context>
<name>StartCards</name>
<message>
<source>What opens</source>
<translation>可以打开什么</translation>
</message>
<message>
<source>An error from PyTorch?</source>
<translation>PyTorch 报错了？</translation>
</message>
<message>
<source>Open with a double click</source>
<translation>双击打开</translation>
</message>
<message>
<source>Make it the default</source>
<translation>设为默认程序</translation>
</message>
<message>
<source>Not now</source>
<translation>暂不</translation>
</message>
<message>
<source>Paste “Missing key(s) in state_dict …” or “Weights only load failed …” and get the way out.</source>
<translation>粘贴“Missing key(s) in state_dict …”或“Weights only load failed …”，即可得到解决办法。</translation>
</message>
<message>
<source>Explain an error…</source>
<translation>解释报错…</translation>
</message>
<message>
<source>Make this the program for .pt, .pth, .ckpt and .safetensors. `inspector desktop uninstall` takes it back.</source>
<translation>让本程序打开 .pt、.pth、.ckpt 和 .safetensors。可用 `inspector desktop uninstall` 撤销。</translation>
</message>
<message>
<source>Here files open with applications, and this is a package: drop files on the window, or name them: inspector FILE.</source>
<translation>在本系统上，文件由应用程序打开，而本程序是一个软件包：请把文件拖放到窗口上，或在命令行中指定：inspector FILE。</translation>
</message>
<message>
<source>PyTorch, every era</source>
<translation>PyTorch，各个版本</translation>
</message>
<message>
<source>one file or shards</source>
<translation>单个文件或分片</translation>
</message>
<message>
<source>folders</source>
<translation>文件夹</translation>
</message>
<message>
<source>DCP, shards, epochs</source>
<translation>DCP、分片、各轮次</translation>
</message>
<message>
<source>.pt2, TorchScript</source>
<translation>.pt2、TorchScript</translation>
</message>
<message>
<source>with their code</source>
<translation>连同其代码</translation>
</message>
<message>
<source>to look into</source>
<translation>可供查看</translation>
</message>
<message>
<source>Files</source>
<translation>文件</translation>
</message>
<message>
<source>What they are</source>
<translation>说明</translation>
</message>
</context>
<context>
<name>StatisticsPanel</name>
<message>
<source>Statistics</source>
<translation>统计</translation>
</message>
<message>
<source>Nothing is selected.</source>
<translation>没有选择任何内容。</translation>
</message>
<message>
<source>Select a tensor, or a group of tensors, to see what its values are like.</source>
<translation>选择一个张量或一组张量，查看其数值的分布。</translation>
</message>
<message>
<source>This is a single value, not a tensor.</source>
<translation>这是单个值，不是张量。</translation>
</message>
<message>
<source>Its value stands in the list and under Details.</source>
<translation>其值显示在列表和“详情”中。</translation>
</message>
<message>
<source>There are no tensors here.</source>
<translation>这里没有张量。</translation>
</message>
<message>
<source>Statistics of {name}</source>
<translation>{name} 的统计</translation>
</message>
<message>
<source>Together</source>
<translation>合并</translation>
</message>
<message>
<source>Stored integers</source>
<translation>保存的整数</translation>
</message>
<message>
<source>Dequantized</source>
<translation>反量化</translation>
</message>
<message>
<source>Nothing is checked in the table below.</source>
<translation>下面的表格中没有勾选任何一项。</translation>
</message>
<message>
<source>in {tensors}</source>
<translation>位于 {tensors}中</translation>
</message>
<message>
<source>No elements: the shape is {shape}.</source>
<translation>没有元素：形状为 {shape}。</translation>
</message>
<message>
<source>No elements: all of these tensors are empty.</source>
<translation>没有元素：这些张量都是空的。</translation>
</message>
<message>
<source>The only value is {value}.</source>
<translation>唯一的值是 {value}。</translation>
</message>
<message>
<source>NaN</source>
<translation>NaN</translation>
</message>
<message>
<source>infinite</source>
<translation>无穷大</translation>
</message>
<message>
<source>No finite values: all {n} elements are NaN or infinite.</source>
<translation>没有有限值：{n} 个元素都是 NaN 或无穷大。</translation>
</message>
<message>
<source>All {n} finite values are {value}.</source>
<translation>{n} 个有限值都是 {value}。</translation>
</message>
<message>
<source>No values lie in the chosen range.</source>
<translation>所选范围内没有值。</translation>
</message>
<message>
<source>Outliers press the bars together: choose the range 1 % to 99 %.</source>
<translation>离群值使柱挤在一起：请选择范围 1 % 至 99 %。</translation>
</message>
<message>
<source>{n} elements</source>
<translation>{n} 个元素</translation>
</message>
<message>
<source>without {tensors} of whole numbers, such as {key}</source>
<translation>不含 {tensors}（整数），如 {key}</translation>
</message>
<message>
<source>complex numbers count by their magnitude</source>
<translation>复数按其模统计</translation>
</message>
<message>
<source>the histogram is of the integers that are stored</source>
<translation>直方图统计的是保存的整数</translation>
</message>
<message>
<source>quantized values are shown as the integers that are stored</source>
<translation>量化的值按保存的整数显示</translation>
</message>
<message>
<source>left out {tensors} that cannot be read, such as {key}: {why}</source>
<translation>不含无法读取的 {tensors}，如 {key}：{why}</translation>
</message>
<message>
<source>scale {scale}, zero point {zero}</source>
<translation>缩放 {scale}，零点 {zero}</translation>
</message>
<message>
<source>{n} scales, one for each index of dim {axis}</source>
<translation>{n} 个缩放，维度 {axis} 的每个索引各一个</translation>
</message>
<message>
<source>Compute statistics</source>
<translation>计算统计</translation>
</message>
<message>
<source>Compute statistics of {size}</source>
<translation>计算 {size} 的统计</translation>
</message>
<message>
<source>in {name}</source>
<translation>位于 {name}</translation>
</message>
<message>
<source>at [{index}]</source>
<translation>位置 [{index}]</translation>
</message>
<message>
<source>row {n}</source>
<translation>第 {n} 行</translation>
</message>
<message>
<source>from [{index}] on</source>
<translation>从 [{index}] 起</translation>
</message>
<message>
<source>{within}, {place}</source>
<translation>{within}，{place}</translation>
</message>
</context>
<context>
<name>StatsTable</name>
<message>
<source>Statistics</source>
<translation>统计</translation>
</message>
<message>
<source>Minimum</source>
<translation>最小值</translation>
</message>
<message>
<source>Maximum</source>
<translation>最大值</translation>
</message>
<message>
<source>Mean</source>
<translation>平均值</translation>
</message>
<message>
<source>Series</source>
<translation>系列</translation>
</message>
<message>
<source>Inf</source>
<translation>Inf</translation>
</message>
<message>
<source>Min</source>
<translation>最小</translation>
</message>
<message>
<source>Max</source>
<translation>最大</translation>
</message>
<message>
<source>Std</source>
<translation>标准差</translation>
</message>
<message>
<source>Norm</source>
<translation>范数</translation>
</message>
<message>
<source>Standard deviation</source>
<translation>标准差</translation>
</message>
<message>
<source>Median</source>
<translation>中位数</translation>
</message>
<message>
<source>25 % to 75 %</source>
<translation>25 % 至 75 %</translation>
</message>
<message>
<source>5 % to 95 %</source>
<translation>5 % 至 95 %</translation>
</message>
<message>
<source>1 % to 99 %</source>
<translation>1 % 至 99 %</translation>
</message>
<message>
<source>0.1 % to 99.9 %</source>
<translation>0.1 % 至 99.9 %</translation>
</message>
<message>
<source>Norm (L2)</source>
<translation>范数 (L2)</translation>
</message>
<message>
<source>Elements</source>
<translation>元素</translation>
</message>
<message>
<source>Finite</source>
<translation>有限值</translation>
</message>
<message>
<source>Zeros</source>
<translation>零</translation>
</message>
<message>
<source>NaN</source>
<translation>NaN</translation>
</message>
<message>
<source>±Infinity</source>
<translation>±无穷大</translation>
</message>
<message>
<source>Subnormal</source>
<translation>次正规数</translation>
</message>
<message>
<source>Distinct values</source>
<translation>不同的值</translation>
</message>
<message>
<source>Size</source>
<translation>大小</translation>
</message>
<message>
<source>Outside the range</source>
<translation>范围之外</translation>
</message>
</context>
<context>
<name>Texts</name>
<message>
<source>Value</source>
<translation>值</translation>
</message>
<message>
<source>Copy value</source>
<translation>复制值</translation>
</message>
<message>
<source>Show all {n} characters</source>
<translation>显示全部 {n} 个字符</translation>
</message>
</context>
<context>
<name>Timeline</name>
<message>
<source>Checkpoints of the run</source>
<translation>训练过程的检查点</translation>
</message>
<message>
<source>, log</source>
<translation>，对数</translation>
</message>
<message>
<source>Epoch</source>
<translation>轮</translation>
</message>
<message>
<source>Step</source>
<translation>步</translation>
</message>
<message>
<source>File</source>
<translation>文件</translation>
</message>
<message>
<source>Norm, over the run</source>
<translation>训练过程中的范数</translation>
</message>
</context>
<context>
<name>TreeModel</name>
<message>
<source>expanded</source>
<translation>已展开</translation>
</message>
<message>
<source>collapsed</source>
<translation>已折叠</translation>
</message>
<message>
<source>laying out the keys</source>
<translation>正在排列键</translation>
</message>
<message>
<source>opening</source>
<translation>正在打开</translation>
</message>
<message>
<source>with edits that wait to be saved</source>
<translation>有待保存的修改</translation>
</message>
<message>
<source>{message} (at {where})</source>
<translation>{message}（位于 {where}）</translation>
</message>
<message>
<source>(the tensor itself)</source>
<translation>（张量本身）</translation>
</message>
<message>
<source>{share} of the file</source>
<translation>占文件的 {share}</translation>
</message>
<message>
<source>{n} elements, no parameters</source>
<translation>{n} 个元素，没有参数</translation>
</message>
<message>
<source>{n} parameters</source>
<translation>{n} 个参数</translation>
</message>
<message>
<source>{n} elements, {parameters} of them parameters</source>
<translation>{n} 个元素，其中 {parameters} 个是参数</translation>
</message>
<message>
<source>{name}, level {level}</source>
<translation>{name}，第 {level} 级</translation>
</message>
<message>
<source>bookmarked</source>
<translation>已加书签</translation>
</message>
<message>
<source>shares its storage with others</source>
<translation>与其他张量共享存储</translation>
</message>
<message>
<source>new</source>
<translation>新增</translation>
</message>
<message>
<source>was: {before}</source>
<translation>原为：{before}</translation>
</message>
<message>
<source>other values</source>
<translation>其他值</translation>
</message>
<message>
<source>could not be opened</source>
<translation>无法打开</translation>
</message>
<message>
<source>{n}-D</source>
<translation>{n} 维</translation>
</message>
<message>
<source>mixed</source>
<translation>混合</translation>
</message>
<message>
<source>Name</source>
<translation>名称</translation>
</message>
<message>
<source>Shape</source>
<translation>形状</translation>
</message>
<message>
<source>Dtype</source>
<translation>数据类型</translation>
</message>
<message>
<source>Device</source>
<translation>设备</translation>
</message>
<message>
<source>Parameters</source>
<translation>参数</translation>
</message>
<message>
<source>Bytes</source>
<translation>字节</translation>
</message>
<message>
<source>Bits/weight</source>
<translation>位/权重</translation>
</message>
<message>
<source>Values</source>
<translation>数值</translation>
</message>
<message>
<source>Min</source>
<translation>最小</translation>
</message>
<message>
<source>Max</source>
<translation>最大</translation>
</message>
<message>
<source>Mean</source>
<translation>平均值</translation>
</message>
<message>
<source>Std</source>
<translation>标准差</translation>
</message>
<message>
<source>NaN, Inf</source>
<translation>NaN、Inf</translation>
</message>
<message>
<source>Zeros</source>
<translation>零</translation>
</message>
<message>
<source>Norm</source>
<translation>范数</translation>
</message>
<message>
<source>Digest</source>
<translation>摘要</translation>
</message>
<message>
<source>Laying out the keys</source>
<translation>正在排列键</translation>
</message>
<message>
<source>Looking for packed weights</source>
<translation>正在查找打包的权重</translation>
</message>
</context>
<context>
<name>TreeView</name>
<message>
<source>Files and keys</source>
<translation>文件和键</translation>
</message>
<message>
<source>{n} parameters</source>
<translation>{n} 个参数</translation>
</message>
<message>
<source>reads values</source>
<translation>需读取数值</translation>
</message>
<message>
<source>As It Was</source>
<translation>恢复原样</translation>
</message>
<message>
<source>Copy keys</source>
<translation>复制键</translation>
</message>
<message>
<source>Copy path</source>
<translation>复制路径</translation>
</message>
<message>
<source>Copy key</source>
<translation>复制键</translation>
</message>
<message>
<source>Copy rows as TSV</source>
<translation>把行复制为 TSV</translation>
</message>
<message>
<source>Copy row as TSV</source>
<translation>把行复制为 TSV</translation>
</message>
<message>
<source>Copy as Python</source>
<translation>复制为 Python</translation>
</message>
<message>
<source>Copy shapes as JSON</source>
<translation>把形状复制为 JSON</translation>
</message>
<message>
<source>Copy shape as JSON</source>
<translation>把形状复制为 JSON</translation>
</message>
<message>
<source>Show in folder</source>
<translation>在文件夹中显示</translation>
</message>
<message>
<source>Expand all below</source>
<translation>展开其下全部</translation>
</message>
<message>
<source>Collapse all below</source>
<translation>折叠其下全部</translation>
</message>
<message>
<source>Close file</source>
<translation>关闭文件</translation>
</message>
<message>
<source>Compare with {name}</source>
<translation>与 {name} 比较</translation>
</message>
<message>
<source>Compare with a file…</source>
<translation>与文件比较…</translation>
</message>
</context>
<context>
<name>TreemapView</name>
<message>
<source>Map of the bytes</source>
<translation>字节分布图</translation>
</message>
<message>
<source>{n} small ones</source>
<translation>{n} 个小块</translation>
</message>
<message>
<source>the same as {names}</source>
<translation>与 {names} 相同</translation>
</message>
</context>
<context>
<name>ValueChecks</name>
<message>
<source>Looking for NaN</source>
<translation>正在查找 NaN</translation>
</message>
</context>
<context>
<name>ValueChips</name>
<message>
<source>{n} of {all} elements are NaN</source>
<translation>{all} 个元素中有 {n} 个为 NaN</translation>
</message>
<message>
<source>{plus} elements are +infinity, {minus} are −infinity</source>
<translation>{plus} 个元素为正无穷，{minus} 个为负无穷</translation>
</message>
<message>
<source>{share} zeros</source>
<translation>{share} 为零</translation>
</message>
<message>
<source>{n} of {all} elements are zero</source>
<translation>{all} 个元素中有 {n} 个为零</translation>
</message>
<message>
<source>{n} subnormal</source>
<translation>{n} 个次正规数</translation>
</message>
<message>
<source>{n} elements are smaller than the least normal number of their type</source>
<translation>{n} 个元素小于其类型的最小正规数</translation>
</message>
<message>
<source>{n} at the edge, {ends}</source>
<translation>{n} 个在边界，{ends}</translation>
</message>
<message>
<source>{n} of {all} elements are the least or the greatest number of their type: what they stand for was cut off there, or is what the scale was chosen by</source>
<translation>{all} 个元素中有 {n} 个是其类型的最小或最大值：它们所代表的值在此被截断，或正是用来选定比例的值</translation>
</message>
<message>
<source>The largest magnitude, {most}, is within the range of {type}. That says nothing of precision.</source>
<translation>最大绝对值 {most} 在 {type} 的范围内；这不代表精度。</translation>
</message>
<message>
<source>The largest magnitude, {most}, is beyond the range of {type}: a cast does not keep it.</source>
<translation>最大绝对值 {most} 超出 {type} 的范围：转换类型无法保留它。</translation>
</message>
<message>
<source>{count} {where}</source>
<translation>{count} {where}</translation>
</message>
<message>
<source>About the values</source>
<translation>关于数值</translation>
</message>
</context>
<context>
<name>ValueGrid</name>
<message>
<source>Reading values</source>
<translation>正在读取数值</translation>
</message>
</context>
<context>
<name>ValuesPanel</name>
<message>
<source>Selected element</source>
<translation>所选元素</translation>
</message>
<message>
<source>Values</source>
<translation>数值</translation>
</message>
<message>
<source>No elements: the shape is {shape}.</source>
<translation>没有元素：形状为 {shape}。</translation>
</message>
<message>
<source>elements are narrower than a byte: these are the bytes</source>
<translation>元素不足一个字节：这里显示字节</translation>
</message>
<message>
<source>the integers that are stored</source>
<translation>保存的整数</translation>
</message>
<message>
<source>Index, such as {example}</source>
<translation>索引，如 {example}</translation>
</message>
<message>
<source>There is no such element: the shape is {shape}.</source>
<translation>没有这样的元素：形状为 {shape}。</translation>
</message>
<message>
<source>Searching…</source>
<translation>正在搜索…</translation>
</message>
<message>
<source>Stopped.</source>
<translation>已停止。</translation>
</message>
<message>
<source>Searching {name}</source>
<translation>正在搜索 {name}</translation>
</message>
<message>
<source>There is no NaN in this tensor.</source>
<translation>此张量中没有 NaN。</translation>
</message>
<message>
<source>Nothing in this tensor is infinite.</source>
<translation>此张量中没有无穷大。</translation>
</message>
<message>
<source>There is no zero in this tensor.</source>
<translation>此张量中没有零。</translation>
</message>
<message>
<source>There is no finite value in this tensor.</source>
<translation>此张量中没有有限值。</translation>
</message>
<message>
<source>The table shows {n} rows at a time: go to an index to see others.</source>
<translation>表格一次显示 {n} 行：转到某个索引可查看其他行。</translation>
</message>
<message>
<source>The table shows {n} columns at a time: go to an index to see others.</source>
<translation>表格一次显示 {n} 列：转到某个索引可查看其他列。</translation>
</message>
<message>
<source>These are {n} values: save them as a file instead.</source>
<translation>共有 {n} 个值：请改为保存到文件。</translation>
</message>
<message>
<source>Copied {n} rows and {m} columns.</source>
<translation>已复制 {n} 行 {m} 列。</translation>
</message>
<message>
<source>Copying values</source>
<translation>正在复制数值</translation>
</message>
<message>
<source>CSV tables (*.csv)</source>
<translation>CSV 表格 (*.csv)</translation>
</message>
<message>
<source>NumPy arrays (*.npy)</source>
<translation>NumPy 数组 (*.npy)</translation>
</message>
<message>
<source>Save values</source>
<translation>保存数值</translation>
</message>
<message>
<source>Saving values</source>
<translation>正在保存数值</translation>
</message>
<message>
<source>Saved {path}</source>
<translation>已保存 {path}</translation>
</message>
<message>
<source>Nothing was saved.</source>
<translation>没有保存任何内容。</translation>
</message>
<message>
<source>Number format</source>
<translation>数字格式</translation>
</message>
<message>
<source>Automatic</source>
<translation>自动</translation>
</message>
<message>
<source>Fixed</source>
<translation>定点</translation>
</message>
<message>
<source>Scientific</source>
<translation>科学计数</translation>
</message>
<message>
<source>Hex bits</source>
<translation>十六进制位</translation>
</message>
<message>
<source>Go to index</source>
<translation>转到索引</translation>
</message>
<message>
<source>&amp;Go to</source>
<translation>转到(&amp;G)</translation>
</message>
<message>
<source>&amp;Numbers</source>
<translation>数字(&amp;N)</translation>
</message>
<message>
<source>Find</source>
<translation>查找</translation>
</message>
<message>
<source>Find the next odd or extreme value</source>
<translation>查找下一个异常值或极值</translation>
</message>
<message>
<source>Next NaN</source>
<translation>下一个 NaN</translation>
</message>
<message>
<source>Next infinity</source>
<translation>下一个无穷大</translation>
</message>
<message>
<source>Next zero</source>
<translation>下一个零</translation>
</message>
<message>
<source>Greatest value</source>
<translation>最大的值</translation>
</message>
<message>
<source>Smallest value</source>
<translation>最小的值</translation>
</message>
<message>
<source>Save</source>
<translation>保存</translation>
</message>
<message>
<source>Copy or save values</source>
<translation>复制或保存数值</translation>
</message>
<message>
<source>Copy selection</source>
<translation>复制所选</translation>
</message>
<message>
<source>Save slice as CSV…</source>
<translation>把切片保存为 CSV…</translation>
</message>
<message>
<source>Save slice as NPY…</source>
<translation>把切片保存为 NPY…</translation>
</message>
<message>
<source>Save whole tensor as NPY…</source>
<translation>将整个张量保存为 NPY…</translation>
</message>
<message>
<source>Save a stored part as NPY</source>
<translation>将某个部分保存为 NPY</translation>
</message>
</context>
<context>
<name>ViewCommands</name>
<message>
<source>Tensors as a list, with columns of what their values say (Ctrl+L)</source>
<translation>以列表显示张量，并可列出其数值的统计（Ctrl+L）</translation>
</message>
<message>
<source>Tensors as a list</source>
<translation>以列表显示张量</translation>
</message>
<message>
<source>Which columns there are</source>
<translation>选择显示哪些列</translation>
</message>
<message>
<source>Columns</source>
<translation>列</translation>
</message>
<message>
<source>TSV tables (*.tsv)</source>
<translation>TSV 表格 (*.tsv)</translation>
</message>
<message>
<source>CSV tables (*.csv)</source>
<translation>CSV 表格 (*.csv)</translation>
</message>
<message>
<source>JSON (*.json)</source>
<translation>JSON (*.json)</translation>
</message>
<message>
<source>HTML pages (*.html)</source>
<translation>HTML 页面 (*.html)</translation>
</message>
<message>
<source>Save table</source>
<translation>保存表格</translation>
</message>
<message>
<source>File</source>
<translation>文件</translation>
</message>
<message>
<source>Saved {path}: {n} rows.</source>
<translation>已保存 {path}：{n} 行。</translation>
</message>
<message>
<source>What is not read yet is left empty, in {n} of them.</source>
<translation>其中 {n} 行尚未读取的值留空。</translation>
</message>
<message>
<source>Saving the table</source>
<translation>正在保存表格</translation>
</message>
<message>
<source>The language changes when the window is opened the next time.</source>
<translation>语言将在下次打开窗口时更改。</translation>
</message>
<message>
<source>Opens PyTorch and safetensors checkpoints without running anything in them.</source>
<translation>打开 PyTorch 和 safetensors 检查点，不运行其中任何内容。</translation>
</message>
<message>
<source>Faults of this program are written down in {path}</source>
<translation>程序故障记录在 {path}</translation>
</message>
<message>
<source>About Checkpoint Inspector</source>
<translation>关于 Checkpoint Inspector</translation>
</message>
<message>
<source>Checkpoint Inspector {version}</source>
<translation>Checkpoint Inspector {version}</translation>
</message>
<message>
<source>Show the log</source>
<translation>显示日志</translation>
</message>
<message>
<source>Copy</source>
<translation>复制</translation>
</message>
<message>
<source>Open or close a group in the tree</source>
<translation>在树中打开或关闭分组</translation>
</message>
<message>
<source>Open everything below</source>
<translation>打开其下全部</translation>
</message>
<message>
<source>Leave the search, clear it</source>
<translation>离开搜索并清空</translation>
</message>
<message>
<source>Keyboard shortcuts</source>
<translation>键盘快捷键</translation>
</message>
<message>
<source>Command</source>
<translation>命令</translation>
</message>
<message>
<source>Keys</source>
<translation>键</translation>
</message>
</context>
<context>
<name>Violins</name>
<message>
<source>Values of one tensor in every checkpoint</source>
<translation>一个张量在各检查点中的值</translation>
</message>
</context>
<context>
<name>Welcome</name>
<message>
<source>{names} and {n} more</source>
<translation>{names} 等，另有 {n} 个</translation>
</message>
<message>
<source>Recent</source>
<translation>最近打开</translation>
</message>
<message>
<source>1 file</source>
<translation>1 个文件</translation>
</message>
<message>
<source>{n} files</source>
<translation>{n} 个文件</translation>
</message>
<message>
<source>{names}, {edits}</source>
<translation>{names}，{edits}</translation>
</message>
<message>
<source>Open again what was open: {files}</source>
<translation>重新打开上次的内容：{files}</translation>
</message>
<message>
<source>{name}: {problem}</source>
<translation>{name}：{problem}</translation>
</message>
<message>
<source>Checkpoints open with this program from now on.</source>
<translation>从现在起，检查点将用本程序打开。</translation>
</message>
<message>
<source>Telling the desktop</source>
<translation>正在登记到桌面</translation>
</message>
<message>
<source>{why} Or run: inspector desktop install</source>
<translation>{why} 也可以运行：inspector desktop install</translation>
</message>
<message>
<source>The program&apos;s sign</source>
<translation>程序图标</translation>
</message>
<message>
<source>Drop a checkpoint here</source>
<translation>把检查点拖放到这里</translation>
</message>
<message>
<source>one or more files, or a folder of epochs. Nothing in a file is ever run.</source>
<translation>一个或多个文件，或存有各轮次的文件夹。文件中的任何内容都不会被执行。</translation>
</message>
<message>
<source>Open a folder</source>
<translation>打开文件夹</translation>
</message>
<message>
<source>open</source>
<translation>打开</translation>
</message>
<message>
<source>any command</source>
<translation>所有命令</translation>
</message>
<message>
<source>all keys</source>
<translation>所有按键</translation>
</message>
<message>
<source>Open…</source>
<translation>打开…</translation>
</message>
<message>
<source>Open folder…</source>
<translation>打开文件夹…</translation>
</message>
<message>
<source>Try the demo</source>
<translation>试用示例</translation>
</message>
<message>
<source>Open a checkpoint</source>
<translation>打开检查点</translation>
</message>
<message>
<source>Makes two small sample checkpoints and opens them</source>
<translation>生成并打开两个小的示例检查点</translation>
</message>
</context>
<context>
<name>Words</name>
<message>
<source>{n} bytes</source>
<translation>{n} 字节</translation>
</message>
<message>
<source>1 byte</source>
<translation>1 字节</translation>
</message>
<message>
<source>1 tensor</source>
<translation>1 个张量</translation>
</message>
<message>
<source>{n} tensors</source>
<translation>{n} 个张量</translation>
</message>
<message>
<source>1 value</source>
<translation>1 个值</translation>
</message>
<message>
<source>{n} values</source>
<translation>{n} 个值</translation>
</message>
<message>
<source>{n} experts</source>
<translation>{n} 个专家</translation>
</message>
<message>
<source>1 finding</source>
<translation>1 项检查结果</translation>
</message>
<message>
<source>{n} findings</source>
<translation>{n} 项检查结果</translation>
</message>
<message>
<source>1 place</source>
<translation>1 处</translation>
</message>
<message>
<source>{n} places</source>
<translation>{n} 处</translation>
</message>
<message>
<source>1 danger</source>
<translation>1 项危险</translation>
</message>
<message>
<source>{n} dangers</source>
<translation>{n} 项危险</translation>
</message>
<message>
<source>1 warning</source>
<translation>1 项警告</translation>
</message>
<message>
<source>{n} warnings</source>
<translation>{n} 项警告</translation>
</message>
<message>
<source>1 note</source>
<translation>1 项提示</translation>
</message>
<message>
<source>{n} notes</source>
<translation>{n} 项提示</translation>
</message>
<message>
<source>1 parameter</source>
<translation>1 个参数</translation>
</message>
<message>
<source>{n} parameters</source>
<translation>{n} 个参数</translation>
</message>
<message>
<source>at least {said}</source>
<translation>至少 {said}</translation>
</message>
<message>
<source>{n} changed</source>
<translation>更改 {n} 个</translation>
</message>
<message>
<source>{n} new</source>
<translation>新增 {n} 个</translation>
</message>
<message>
<source>{n} gone</source>
<translation>消失 {n} 个</translation>
</message>
<message>
<source>{n} perhaps changed</source>
<translation>{n} 个可能已更改</translation>
</message>
<message>
<source>nothing changed</source>
<translation>没有变化</translation>
</message>
<message>
<source>scalar</source>
<translation>标量</translation>
</message>
</context>
<context>
<name>_List</name>
<message>
<source>Pending edits</source>
<translation>待保存的修改</translation>
</message>
</context>
<context>
<name>_Places</name>
<message>
<source>the whole file</source>
<translation>整个文件</translation>
</message>
</context>
<context>
<name>_Shown</name>
<message>
<source>{said}. A click leads to the first.</source>
<translation>{said}。单击可跳到第一个。</translation>
</message>
</context>
<context>
<name>_State</name>
<message>
<source>State of the run</source>
<translation>训练过程的状态</translation>
</message>
</context>
<context>
<name>_Table</name>
<message>
<source>Copy</source>
<translation>复制</translation>
</message>
</context>
</TS>
